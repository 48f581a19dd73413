package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// pinning is kv with a function that looks at as many pages at the same time as there are, and calls inside
// with them; then at those that have become free meanwhile, and calls inside again.
func pinning(inside func(pages int)) rmgr.Module {
	m, id := kv.Module, wal.RmgrID(kv.ID)
	m.Functions = append(m.Functions[:len(m.Functions):len(m.Functions)], rmgr.Function{
		Name: "pinning", Returns: []rmgr.Column{{Name: "pinning", Type: rmgr.Int8}}, ReadsOf: &id,
		Call: func(_ context.Context, s rmgr.Session, _ []any, row func(...any) error) error {
			times := 0
			var deeper func(block uint32)
			deeper = func(block uint32) {
				look := func() bool {
					found, err := s.Page(rmgr.Rel(kv.ID, 0), wal.ForkMain, block, func([]byte) { deeper(block + 1) })
					return found && err == nil
				}
				for times < 2 && !look() {
					times++
					inside(int(block))
				}
			}
			deeper(0)
			return row(int64(0))
		},
	})
	return m
}

// That others use all pages of the pool for a moment is no fault of the record that needs one.
func TestReplayWaitsForAFreePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := vfs.NewMem()
		initDir(t, m, kv.Module, ledger.Module)
		po := options(t, m, kv.Module, ledger.Module)
		keepLog(&po)
		p := storeOf(t, primary(t, po), po)
		defer p.Abort()
		for i := range 10_000 {
			p.put(key(i), value(i))
		}
		var s *engine.Engine
		most := 0
		inside := func(pages int) {
			most = max(most, pages)
			ship(t, p.Engine, s, 5000)
			time.Sleep(time.Second)
			synctest.Wait()
			if pause := s.ReplayPause(); pause != nil && pause.Reason != "NoBuffers" {
				t.Errorf("pause is %+v", pause)
			}
		}
		o := options(t, clone(t, p.Engine), pinning(inside), ledger.Module)
		s = open(t, o)
		defer s.Abort()
		follow(t, p.Engine, s)
		if _, _, err := call(p.Engine, p.tab, "ledger_open", "a", int64(1)); err != nil {
			t.Fatal(err)
		}
		p.put("z", "1")
		if _, _, err := call(s, o.Table, "pinning"); err != nil {
			t.Fatal(err)
		}
		if most < 100 {
			t.Fatalf("%d pages were in use: the test proves nothing", most)
		}
		time.Sleep(time.Second)
		caughtUp(t, s, p.Log().FlushedLSN())
		if pause := s.ReplayPause(); pause != nil {
			t.Errorf("once there are pages again, pause is %+v", pause)
		}
		if got, _, err := call(s, o.Table, "ledger_total"); got != int64(1) || err != nil {
			t.Errorf("the ledger's total is %v, %v", got, err)
		}
	})
}
