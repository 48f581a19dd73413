package rmgr_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// careless panics wherever it is called.
type careless struct{}

func (careless) Name() string                             { return "careless" }
func (careless) Identify(uint8) string                    { return "DROP" }
func (careless) Redo(rmgr.RedoContext, *wal.Record) error { return []error{}[len("oops")] }
func (careless) Foresee([]byte, *wal.Record, *wal.BlockRef, int, []uint16) []uint16 {
	panic("oops")
}
func (careless) Describe(w io.Writer, _ *wal.Record) { io.WriteString(w, "half "); panic("oops") }

func TestAPanicInAModuleIsAnErrorWithItsPlace(t *testing.T) {
	err := rmgr.Redo(careless{}, nil, &wal.Record{LSN: 0x1500028})
	var p *rmgr.PanicError
	if !errors.As(err, &p) {
		t.Fatalf("got %v, want a PanicError", err)
	}
	for _, word := range []string{"careless/DROP", "0/1500028", "index out of range"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if got := rmgr.Foresee(careless{}, nil, nil, nil, 0, []uint16{7}); len(got) != 1 || got[0] != 7 {
		t.Errorf("foreseen after a panic: %v", got)
	}
	var b strings.Builder
	rmgr.Describe(careless{}, &b, &wal.Record{})
	if got, want := b.String(), "half (the description panicked: oops)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
