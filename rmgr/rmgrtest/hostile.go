package rmgrtest

import (
	"bytes"
	"math/rand/v2"
	"runtime/debug"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// hostile changes each record and the pages it meets in many ways: redo may succeed (the change may
// have hit a value) or fail, but it must not panic, and when it fails no page may have changed.
func hostile(t testing.TB, e *Engine, r rmgr.Registration, rng *rand.Rand) {
	pages := Pages{}
	step := max(1, len(e.Log)/40)
	for i, entry := range e.Log {
		if entry.Record.Rmgr == r.ID && (i < 20 || i%step == 0) {
			for cut := range min(len(entry.Record.Main)+1, 80) {
				rec := entry.Record
				rec.Main = rec.Main[:cut:cut]
				tryHostile(t, r, pages, rec, entry.Format)
			}
			for range 60 {
				tryHostile(t, r, mutatePages(pages, rng), mutate(entry.Record, rng), entry.Format)
			}
		}
		if err := pages.Apply(r.Manager, entry, nil); err != nil && entry.Record.Rmgr == r.ID {
			t.Fatal(err)
		}
	}
}

func tryHostile(t testing.TB, r rmgr.Registration, pages Pages, rec wal.Record, f rmgr.Format) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("panic on op %02X, main %x: %v\n%s", rec.Op(), rec.Main, p, debug.Stack())
		}
	}()
	ctx := &redoContext{pages: pages, format: f, replaying: true, force: true}
	if err := r.Manager.Redo(ctx, &rec); err != nil {
		if key, changed := ctx.changed(); changed {
			t.Errorf("op %02X, main %x: error %q, yet block %d of %s has changed", rec.Op(), rec.Main, err, key.Block, key.Rel)
		}
	} else if err := ctx.keptAll(r.Manager, &rec); err != nil {
		t.Errorf("op %02X, main %x: %v", rec.Op(), rec.Main, err)
	}
	foreseeHostile(t, r, pages, &rec)
	describeHostile(r, &rec, f)
}

// foreseeHostile lets a Foreseer look at the pages that rec names: it must not change them.
func foreseeHostile(t testing.TB, r rmgr.Registration, pages Pages, rec *wal.Record) {
	t.Helper()
	f, ok := r.Manager.(rmgr.Foreseer)
	if !ok {
		return
	}
	for i := range rec.Blocks {
		ref := &rec.Blocks[i]
		contents := bytes.Clone(pages[PageKey{ref.Rel, ref.Fork, ref.Block}])
		before := bytes.Clone(contents)
		for round := range rmgr.ForeseeRounds {
			f.Foresee(contents, rec, ref, round, nil)
		}
		if !bytes.Equal(contents, before) {
			t.Errorf("op %02X, main %x: Foresee changes block %d of %s", rec.Op(), rec.Main, ref.Block, ref.Rel)
		}
	}
}

func describeHostile(r rmgr.Registration, rec *wal.Record, f rmgr.Format) {
	r.Manager.Identify(rec.Info)
	if d, ok := r.Manager.(rmgr.Describer); ok {
		var out bytes.Buffer
		d.Describe(&out, rec)
	}
	if d, ok := r.Manager.(rmgr.Decoder); ok {
		_ = d.Decode(rec, f, func(rmgr.Change) {}) // any error will do
		_ = d.Decode(rec, 0, func(rmgr.Change) {})
	}
}
