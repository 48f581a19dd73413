package engine_test

import (
	"context"
	"strings"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestAReadErrorNamesFileAndPosition wherever it comes, and is neither the log's end nor damage.
func TestAReadErrorNamesFileAndPosition(t *testing.T) {
	m := vfs.NewMem()
	s, _ := newStore(t, m)
	for i := range 60 {
		if i == 30 {
			if err := s.Checkpoint(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		s.put(key(i), value(i))
	}
	redo := s.Positions().Redo
	s.Abort()
	log := "/data/pg_wal/" + wal.SegmentName(1, redo, 1<<20)

	t.Run("the log in recovery", func(t *testing.T) {
		broken := vfs.NewFault(m, &vfs.Rule{Op: vfs.OpRead, Path: "0000000*", After: 1, Err: syscall.EIO})
		before := contents(t, m, dir)
		_, err := engine.Open(context.Background(), options(t, broken, kv.Module))
		names(t, err, log, "record at 0/", "input/output error")
		sameContents(t, before, contents(t, m, dir))
	})
	t.Run("a page in recovery", func(t *testing.T) {
		disk := m.PowerCut(1)
		full := options(t, disk, kv.Module)
		full.FullPageWrites = false
		p := primary(t, full) // a log whose replay reads pages
		if err := p.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
		storeOf(t, p, full).put(key(0), "again")
		p.Abort()
		broken := vfs.NewFault(disk, &vfs.Rule{Op: vfs.OpRead, Path: "12510?", Err: syscall.EIO})
		e, err := engine.Open(context.Background(), options(t, broken, kv.Module))
		if err == nil {
			defer e.Abort()
			pause := e.ReplayPause()
			if pause == nil {
				t.Fatal("replay goes on without the page")
			}
			names(t, e.Promote(context.Background(), 1, ""), "/data/base/5/125100", pause.LSN.String(), "input/output error")
			return
		}
		names(t, err, "/data/base/5/125100", "0/", "input/output error")
	})
	t.Run("a page that a query reads", func(t *testing.T) {
		broken := vfs.NewFault(m.PowerCut(1))
		o := options(t, broken, kv.Module)
		e := primary(t, o)
		closeEngine(t, e)
		e = primary(t, o)
		defer e.Abort()
		broken.Add(&vfs.Rule{Op: vfs.OpRead, Path: "12510?", Err: syscall.EIO})
		_, _, err := call(e, o.Table, "kv_get", key(1))
		names(t, err, "/data/base/5/125100", "relation 1663/5/125100", "input/output error")
		if e.Err() != nil {
			t.Errorf("a page that cannot be read has stopped the node: %v", e.Err())
		}
	})
}

func names(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("the read error was not reported")
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%q does not name %q", err, p)
		}
	}
}
