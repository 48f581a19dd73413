package recovery_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/node/storage"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A pagewiseStamp redoes its pages apart.
type pagewiseStamp struct{ stamp }

func (pagewiseStamp) RedoesPagesApart() {}

// sharing are workers that share all pages.
func sharing(t testing.TB, m rmgr.Manager, workers int) ([]*recovery.Applier, *buffer.Pool) {
	t.Helper()
	table := rmgr.NewTable()
	if err := table.Register(stampID, m); err != nil {
		t.Fatal(err)
	}
	pool := buffer.NewPool(buffer.Options{Store: storage.Open(vfs.NewMem(), "/data")})
	var all []*recovery.Applier
	for i := range workers {
		a := &recovery.Applier{Table: table, Pool: pool, Share: recovery.Share{Worker: i, Of: workers}}
		t.Cleanup(a.Release)
		all = append(all, a)
	}
	return all, pool
}

func fresh(blocks ...uint32) (refs []wal.BlockRef) {
	for _, b := range blocks {
		refs = append(refs, wal.BlockRef{Block: b, WillInit: true})
	}
	return refs
}

func TestEachPageIsOneWorkers(t *testing.T) {
	const pages = 12
	for what, tc := range map[string]struct {
		m       rmgr.Manager
		workers int
		owner   func(block uint32) int
	}{
		"pages that are redone apart are dealt out, block 0 to the last of two":  {pagewiseStamp{}, 2, func(b uint32) int { return 1 - int(b%2) }},
		"pages that are redone apart are dealt out, block 0 to the last of five": {pagewiseStamp{}, 5, func(b uint32) int { return 4 - int(b%5) }},
		"pages of a manager that does not promise it are the first worker's":     {stamp{}, 5, func(uint32) int { return 0 }},
		"a worker that shares with nobody has all pages":                         {stamp{}, 1, func(uint32) int { return 0 }},
		"a worker that shares with nobody has all pages that are redone apart":   {pagewiseStamp{}, 1, func(uint32) int { return 0 }},
	} {
		t.Run(what, func(t *testing.T) {
			for who := range tc.workers {
				all, pool := sharing(t, tc.m, tc.workers)
				if err := all[who].Apply(stampRecord(1000, "here", fresh(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)...), 1); err != nil {
					t.Fatal(err)
				}
				for b := range uint32(pages) {
					buf, err := pool.GetNew(buffer.Tag{Rel: stampRel, Block: b})
					if err != nil {
						t.Fatal(err)
					}
					if got, want := bytes.HasPrefix(buf.Page()[24:], []byte("here")), tc.owner(b) == who; got != want {
						t.Errorf("worker %d of %d has redone block %d: %v", who, tc.workers, b, got)
					}
					buf.Release()
				}
			}
		})
	}
}

// A record without pages is redone once.
func TestARecordWithoutPagesIsOneWorkers(t *testing.T) {
	for what, tc := range map[string]struct {
		make func(stamp) rmgr.Manager
		want int
	}{
		"the last one's, if pages are redone apart": {func(s stamp) rmgr.Manager { return pagewiseStamp{s} }, 2},
		"the first one's otherwise":                 {func(s stamp) rmgr.Manager { return s }, 0},
	} {
		t.Run(what, func(t *testing.T) {
			calls := 0
			all, _ := sharing(t, tc.make(stamp{end: func() error { calls++; return nil }}), 3)
			for who, a := range all {
				calls = 0
				if err := a.Apply(stampRecord(1000, "none"), 1); err != nil {
					t.Fatal(err)
				}
				if got := calls == 1; got != (who == tc.want) {
					t.Errorf("worker %d has redone it: %v", who, got)
				}
			}
		})
	}
}

// A manager that redoes all pages of a record at once, and names one that is not its own, has to be replayed by
// one worker alone: those who have such a page stop before they change it.
func TestARecordThatCannotBeSharedIsRefused(t *testing.T) {
	all, _ := sharing(t, stamp{}, 2)
	for block, want := range map[uint32][]bool{1: {true, true}, 2: {false, false}} { // of worker 0, of worker 1
		rec := stampRecord(1000, "here", fresh(0, block)...)
		rec.Blocks[1].Rel.Rel = 4711 // nobody's: dealt out
		for who, a := range all {
			err := a.Apply(rec, 1)
			if (err == nil) != want[who] || err != nil && !strings.Contains(err.Error(), "they are not all its own") {
				t.Errorf("block %d, worker %d: %v", block, who, err)
			}
		}
	}
}

// Whose a page is does not depend on what was asked before, also if the numbers of its relation are all zero:
// nobody owns that, so block 0 is the last worker's, who may not redo it for a manager of another.
func TestTheShareOfAPageIsAlwaysTheSame(t *testing.T) {
	for _, first := range []bool{true, false} {
		all, _ := sharing(t, stamp{}, 2)
		for who, a := range all {
			if !first {
				if err := a.Apply(stampRecord(1000, "own", fresh(0)...), 1); err != nil {
					t.Fatal(err)
				}
			}
			rec := stampRecord(2000, "nobody's", fresh(0)...)
			rec.Blocks[0].Rel = wal.RelFileLocator{}
			if err := a.Apply(rec, 1); (err == nil) != (who == 0) {
				t.Errorf("asked first %t, worker %d: %v", first, who, err)
			}
		}
	}
}
