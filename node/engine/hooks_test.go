package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

type (
	panicsAtStartup struct{ rmgr.Manager }
	panicsAtCleanup struct{ rmgr.Manager }
	panicsInMask    struct{ rmgr.Manager }
)

func (panicsAtStartup) Startup() error       { panic("a bug") }
func (panicsAtCleanup) Cleanup() error       { panic("a bug") }
func (panicsInMask) Mask(_ []byte, _ uint32) { panic("a bug") }

// A bug of a module outside of its Redo is an error of the recovery that met it, as one in Redo is: the
// node is there to be asked, and says which manager it was.
func TestAManagerWhoseHooksPanicStopsReplayAndNotTheProcess(t *testing.T) {
	m := vfs.NewMem()
	s, _ := newStore(t, m, func(o *engine.Options) { o.ConsistencyChecking = []string{"all"} })
	s.put("k", "v")
	s.Abort()
	for want, wrap := range map[string]func(rmgr.Manager) rmgr.Manager{
		"startup of resource manager kv panicked: a bug": func(m rmgr.Manager) rmgr.Manager { return panicsAtStartup{m} },
		"mask of resource manager kv panicked: a bug":    func(m rmgr.Manager) rmgr.Manager { return panicsInMask{m} },
	} {
		for _, workers := range []int{1, 2} {
			o := options(t, m.PowerCut(0), kvWith(wrap))
			o.RedoWorkers = workers
			e := open(t, o)
			if p := e.ReplayPause(); p == nil || p.Reason != "RedoFailed" || !strings.Contains(p.Detail, want) {
				t.Errorf("%d workers: pause is %+v, want %q", workers, p, want)
			}
			e.Abort()
		}
	}

	e := open(t, options(t, m.PowerCut(0), kvWith(func(m rmgr.Manager) rmgr.Manager { return panicsAtCleanup{m} })))
	defer e.Abort()
	err := e.Promote(context.Background(), 1, "")
	if want := "cleanup of resource manager kv panicked: a bug"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("promotion: %v, want %q", err, want)
	}
	if <-e.Failed(); e.Err() == nil {
		t.Error("the node is neither standby nor primary, and does not say so")
	}
}
