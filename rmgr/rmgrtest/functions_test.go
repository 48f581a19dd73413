package rmgrtest

import (
	"context"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// The kit finds what a function does against its own declaration.
func TestSpoiltFunctionsAreFound(t *testing.T) {
	for says, c := range map[string]struct {
		call func(s rmgr.Session, args []any, row func(...any) error) error
		want string
	}{
		"Go's own int for an int8": {func(_ rmgr.Session, _ []any, row func(...any) error) error { return row(5) }, "Returned int at ordinal position 1, but query expects int64 (column n)"},
		"a column too many": {func(_ rmgr.Session, _ []any, row func(...any) error) error {
			return row(int64(5), int64(6))
		}, "Returned row contains 2 attributes, but query expects 1"},
		"a record with another's pages": {func(s rmgr.Session, _ []any, _ func(...any) error) error {
			_, err := s.Emit(rmgr.NewRecord{Rmgr: counterID, Main: make([]byte, 8), Blocks: []rmgr.NewBlock{{Rel: rmgr.Rel(251, 0), WillInit: true}}})
			return err
		}, "names relation 1663/5/125100, which is not its own"},
	} {
		t.Run(says, func(t *testing.T) {
			m := counterModule(sound())
			m.Functions[0].Returns = []rmgr.Column{{Name: "n", Type: rmgr.Int8}}
			m.Functions[0].Call = func(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
				return c.call(s, args, row)
			}
			if got := failures(m); !strings.Contains(got, c.want) {
				t.Errorf("the kit says %q, nothing of %q", got, c.want)
			}
		})
	}
}

// A variadic function is called with none, one and more of its last argument.
func TestArbitraryCallsVariadicFunctions(t *testing.T) {
	m := counterModule(sound())
	seen, add := map[int]bool{}, m.Functions[0].Call
	m.Functions[0].Variadic = true
	m.Functions[0].Call = func(ctx context.Context, s rmgr.Session, args []any, row func(...any) error) error {
		seen[len(args)] = true
		return add(ctx, s, append(args, int64(1)), row)
	}
	Run(t, m)
	for n := range 4 {
		if !seen[n] {
			t.Errorf("it was never called with %d arguments", n)
		}
	}
}
