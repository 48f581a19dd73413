package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// unstartable is kv whose Startup fails.
type unstartable struct {
	rmgr.Manager
	calls *int
}

func (m unstartable) Startup() error { *m.calls++; return errors.New("no") }

// Without its managers nothing is replayed, and Startup is called once, by any number of workers.
func TestAManagerThatDoesNotStartPausesReplay(t *testing.T) {
	m := vfs.NewMem()
	s, _ := newStore(t, m)
	s.put("k", "v")
	s.Abort()
	for _, workers := range []int{1, 2} {
		calls := 0
		o := options(t, m.PowerCut(0), kvWith(func(m rmgr.Manager) rmgr.Manager { return unstartable{m, &calls} }))
		o.RedoWorkers = workers
		e := open(t, o)
		if p := e.ReplayPause(); p == nil || p.Reason != "RedoFailed" || !strings.Contains(p.Detail, "start resource manager kv: no") || p.LSN != e.Positions().Redo {
			t.Errorf("%d workers: pause is %+v", workers, p)
		}
		if calls != 1 {
			t.Errorf("%d workers: Startup was called %d times", workers, calls)
		}
		e.Abort()
	}
}
