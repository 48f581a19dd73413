package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/redoubt-wal/redoubt/test/bench/measure"
)

// ours are the names that our side has in the suites; "floor" is the limit; all others are peers.
func ours(backend string) bool { return strings.HasPrefix(backend, "redoubt") }

// print writes a suite's table. A run that other processes spoiled is marked with their share.
func (s *suite) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s: %s\n", s.Name, s.About)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CASE\tBACKEND\tMEDIAN\t(MIN–MAX)\tUNIT\tOF FLOOR\tOURS TO IT\tGOAL\tREACHED\tMORE\tOTHERS")
	for _, k := range s.Cases {
		name := k.Name
		for _, b := range k.Order {
			k.row(t, name, b)
			name = ""
		}
	}
	t.Flush()
}

func (k *kase) row(w io.Writer, name, backend string) {
	s := k.Runs[backend]
	if why := s.Failure(); why != "" && s.Median() == 0 {
		fmt.Fprintf(w, "%s\t%s\tfailed: %s\n", name, backend, why)
		return
	}
	floor, versus, wanted, reached := "", "", "", ""
	if f, ok := k.Runs["floor"]; ok && backend != "floor" {
		floor = fmt.Sprintf("%.2f", measure.Compare(s, f).Median)
	}
	if !ours(backend) {
		versus = ratio(measure.Compare(k.Runs[k.mine()], s))
	}
	if backend == k.mine() {
		wanted, reached = k.verdict()
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t(%s–%s)\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, backend, number(s.Median()), number(s.Min()), number(s.Max()), k.Unit,
		floor, versus, wanted, reached, more(s), others(s))
}

// mine is the backend of ours that the goal is for: the first.
func (k *kase) mine() string {
	for _, b := range k.Order {
		if ours(b) {
			return b
		}
	}
	return ""
}

// verdict says what was wanted and whether it is there. The best peer is the one with the highest
// median; the ratio to it is taken round by round.
func (k *kase) verdict() (wanted, reached string) {
	var w, r []string
	check := func(goal, got float64, ok bool, of string) {
		mark := "yes"
		if !ok {
			mark = "NO"
		}
		w, r = append(w, fmt.Sprintf("%.2f %s", goal, of)), append(r, fmt.Sprintf("%s %.2f", mark, got))
	}
	s := k.Runs[k.mine()]
	if best := k.bestPeer(); best != "" && k.Goal.Peer != 0 {
		got := measure.Compare(s, k.Runs[best]).Median
		check(k.Goal.Peer, got, got >= k.Goal.Peer, best)
	}
	if f, ok := k.Runs["floor"]; ok && k.Goal.Floor != 0 {
		got := measure.Compare(s, f).Median
		check(k.Goal.Floor, got, got >= k.Goal.Floor, "floor")
	}
	if k.Goal.Most != 0 {
		check(k.Goal.Most, s.Median(), s.Median() <= k.Goal.Most, "at most")
	}
	return strings.Join(w, ", "), strings.Join(r, ", ")
}

func (k *kase) bestPeer() string {
	best := ""
	for _, b := range k.Order {
		if b == "floor" || ours(b) {
			continue
		}
		if best == "" || k.Runs[b].Median() > k.Runs[best].Median() {
			best = b
		}
	}
	return best
}

func ratio(r measure.Ratio) string { return fmt.Sprintf("%.2f (%.2f–%.2f)", r.Median, r.Min, r.Max) }

func number(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.2fM", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%.1fk", v/1e3)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// order of the other figures.
var moreNames = []string{"p50 µs", "p99 µs", "mean µs", "p99.9 µs", "usual p99.9 µs", "edges", "MB/s", "allocations per record", "s", "whole start s", "rec/s"}

func more(s measure.Series) string {
	var out []string
	for _, name := range moreNames {
		if v := s.More(name); v != 0 {
			out = append(out, name+" "+number(v))
		}
	}
	return strings.Join(out, ", ")
}

func others(s measure.Series) string {
	if v := s.Others(); v >= measure.Noisy {
		return fmt.Sprintf("*%.0f %%", 100*v)
	}
	return ""
}
