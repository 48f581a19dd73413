package interop_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/test/pg15"
)

// What programs look for in PostgreSQL's log stands in ours with the same words and figures of the same kind.
func TestSentencesOfTheLogAreThoseOfARealServer(t *testing.T) {
	postgres := pg15.Start(t, nil, "log_checkpoints=on", "log_line_prefix=''")
	postgres.SQL("SELECT pg_logical_emit_message(true, 'p', 'x')")
	postgres.SQL("CHECKPOINT")
	postgres.SQL("SELECT pg_logical_emit_message(true, 'p', 'x')")
	postgres.Stop("immediate")
	postgres.Restart()

	ours := startNode(t, "log_destination=stderr", "log_line_prefix=", "log_checkpoints=on")
	for _, statement := range []string{"SELECT kv_put('k', 'v')", "CHECKPOINT", "SELECT kv_put('k', 'w')"} {
		if _, err := ours.connect().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	ours.kill()
	ours.start()
	ours.kill()

	want, got := sentences(postgres.Log()), sentences(ours.log.String())
	for _, begin := range []string{"checkpoint starting: immediate force wait", "checkpoint complete", "redo starts", "redo done"} {
		of := func(lines map[string]bool) (all []string) {
			for _, l := range slices.Sorted(maps.Keys(lines)) {
				if strings.HasPrefix(l, begin) {
					all = append(all, l)
				}
			}
			return all
		}
		if len(of(want)) == 0 {
			t.Errorf("the real server says nothing that begins with %q:\n%s", begin, postgres.Log())
		}
		if diff := cmp.Diff(of(want), of(got)); diff != "" {
			t.Errorf("%s (-PostgreSQL +ours)\n%s", begin, diff)
		}
	}
}

var figure = regexp.MustCompile(`[0-9A-F]+/[0-9A-F]+|[0-9]+`)

// sentences are the lines of a log with N for every figure.
func sentences(log string) map[string]bool {
	lines := map[string]bool{}
	for line := range strings.Lines(log) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "LOG:  "); ok {
			lines[figure.ReplaceAllString(text, "N")] = true
		}
	}
	return lines
}
