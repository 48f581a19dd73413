package rmgrtest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// impossible are changes that make no valid record out of any.
var impossible = []struct {
	why    string
	change func(rec *wal.Record) bool // false if it cannot be made
}{
	{"no main data", func(rec *wal.Record) bool { had := len(rec.Main) > 0; rec.Main = nil; return had }},
	{"70,000 bytes too many", func(rec *wal.Record) bool {
		rec.Main = append(bytes.Clone(rec.Main), make([]byte, 70000)...)
		return true
	}},
	{"a block reference to a relation that is not there", func(rec *wal.Record) bool {
		rec.Blocks = append([]wal.BlockRef(nil), rec.Blocks...)
		for i := range rec.Blocks {
			rec.Blocks[i].Rel.Rel += 50
			rec.Blocks[i].WillInit = false
		}
		return len(rec.Blocks) > 0
	}},
	{"no block references", func(rec *wal.Record) bool { had := len(rec.Blocks) > 0; rec.Blocks = nil; return had }},
}

// refusals gives the manager records that cannot be, one of each operation: an error each, and no page
// may have changed. Built-in managers are PostgreSQL's and less strict.
func refusals(t testing.TB, e *Engine, r rmgr.Registration) {
	if !r.ID.Custom() {
		t.Skip("a built-in manager")
	}
	pages, seen := Pages{}, map[uint8]bool{}
	try := func(why string, entry Entry, rec wal.Record) {
		t.Helper()
		ctx := &redoContext{pages: pages, format: entry.Format}
		err := rmgr.Redo(r.Manager, ctx, &rec)
		key, changed := ctx.changed()
		switch {
		case err == nil:
			t.Errorf("%s with %s was applied", r.Manager.Identify(entry.Record.Info), why)
		case strings.Contains(err.Error(), "panicked"):
			t.Errorf("%s with %s: %v", r.Manager.Identify(entry.Record.Info), why, err)
		case changed:
			t.Errorf("%s with %s: error %q, yet block %d has changed", r.Manager.Identify(entry.Record.Info), why, err, key.Block)
		}
	}
	for _, entry := range e.Log {
		if op := entry.Record.Op(); entry.Record.Rmgr == r.ID && !seen[op] {
			seen[op] = true
			for _, c := range impossible {
				if rec := entry.Record; c.change(&rec) {
					try(c.why, entry, rec)
				}
			}
			for info := 0; info < 256; info += 16 {
				if rec := entry.Record; r.Manager.Identify(uint8(info)) == "" {
					rec.Info = uint8(info)
					try("an info value that is not known", entry, rec)
				}
			}
		}
		m, _ := e.table.Lookup(entry.Record.Rmgr)
		if err := pages.Apply(m, entry, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// fragile panics once the manager has done its work.
type fragile struct{ rmgr.Manager }

func (f fragile) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	_ = f.Manager.Redo(ctx, rec) // the panic comes whatever it says
	panic("a bug")
}

// panicking lets redo panic when pages have changed: they must be as before, the log too, and the
// error must say where.
func panicking(t testing.TB, e *Engine, r rmgr.Registration) {
	pages := Pages{}
	for i, entry := range e.Log {
		m, _ := e.table.Lookup(entry.Record.Rmgr)
		if entry.Record.Rmgr == r.ID {
			before := pages.Clone()
			err := pages.Apply(fragile{r.Manager}, entry, nil)
			if err == nil || !strings.Contains(err.Error(), r.Manager.Name()) || !strings.Contains(err.Error(), entry.Record.LSN.String()) {
				t.Fatalf("record %d: a panic gives the error %v, which should name manager and LSN", i, err)
			}
			if key, differ := e.Differ(before, pages); differ {
				t.Fatalf("record %d: after a panic block %d has changed", i, key.Block)
			}
		}
		if err := pages.Apply(m, entry, nil); err != nil {
			t.Fatal(err)
		}
		if i > 200 {
			break
		}
	}
}

func formatRefusals(t testing.TB, e *Engine, r rmgr.Registration) {
	if !r.ID.Custom() {
		t.Skip("a built-in manager has no formats")
	}
	pages, tried := Pages{}, map[uint8]int{}
	for i, entry := range e.Log {
		if op := entry.Record.Op(); entry.Record.Rmgr == r.ID && tried[op] < 10 {
			tried[op]++
			ctx := &redoContext{pages: pages, format: r.Replays.Max + 1, replaying: true, force: true}
			if err := r.Manager.Redo(ctx, &entry.Record); err == nil {
				t.Fatalf("record %d (%s) was replayed as format %d, which it does not declare", i, r.Manager.Identify(entry.Record.Info), r.Replays.Max+1)
			}
		}
		m, _ := e.table.Lookup(entry.Record.Rmgr)
		if err := pages.Apply(m, entry, nil); err != nil {
			t.Fatal(err)
		}
	}
}
