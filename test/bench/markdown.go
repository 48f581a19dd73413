package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/redoubt-wal/redoubt/test/bench/measure"
)

// markdown prints what JSON files of earlier runs hold, as tables for the README: a row for each case
// that has a goal.
func markdown(w io.Writer, names []string) error {
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var r report
		if err := json.Unmarshal(b, &r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, s := range r.Suites {
			fmt.Fprintf(w, "\n**%s**, %s (%s; %s)\n\n", s.Name, s.About, r.Time.Format("2006-01-02 15:04"), r.Environment)
			s.markdown(w)
		}
	}
	return nil
}

func (s *suite) markdown(w io.Writer) {
	fmt.Fprintln(w, "| case | Redoubt, median (min–max) | best peer, median | ratio to it (min–max) | ratio to the floor (min–max) | goal | reached |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|")
	for _, k := range s.Cases {
		if k.Goal == (goal{}) {
			continue
		}
		mine := k.Runs[k.mine()]
		peer, versus, floor := "–", "–", "–"
		if best := k.bestPeer(); best != "" {
			theirs := k.Runs[best]
			peer, versus = best+" "+number(theirs.Median()), ratio(measure.Compare(mine, theirs))
		}
		if f, ok := k.Runs["floor"]; ok {
			floor = ratio(measure.Compare(mine, f))
		}
		wanted, reached := k.verdict()
		fmt.Fprintf(w, "| %s | %s (%s–%s) %s | %s | %s | %s | %s | %s |\n", k.Name,
			number(mine.Median()), number(mine.Min()), number(mine.Max()), k.Unit, peer, versus, floor, wanted, reached)
	}
}
