package engine_test

import (
	"context"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// recordAt reads one record of an engine's log.
func recordAt(t *testing.T, s store, at wal.LSN) wal.Record {
	t.Helper()
	src := s.Log().NewSource(s.History())
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: 1 << 20})
	r.Seek(at)
	rec, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	return *rec
}

// A primary's log ends with a shutdown checkpoint and the formats in force. Whoever has the first without
// the second, and is stopped there, must not begin there: it would know of no format, and as a primary
// raise all of them, though its peers may not be able to replay the newest.
func TestAStandbyThatHasAShutdownWithoutItsFormatsKeepsTheFormats(t *testing.T) {
	m := vfs.NewMem()
	initDir(t, m, kv.Module12)
	o := options(t, m, kv.Module12)
	keepLog(&o)
	p := storeOf(t, primary(t, o), o)
	defer p.Abort()
	p.put("a", "1")
	if p.Modules().Format(kv.ID) != 1 {
		t.Fatalf("kv is in format %d: the test proves nothing", p.Modules().Format(kv.ID))
	}
	s, so := standbyOf(t, p, kv.Module) // the new image first
	follow(t, p.Engine, s.Engine)
	if err := p.Demote(context.Background()); err != nil {
		t.Fatal(err)
	}
	shutdown := recordAt(t, p, p.ControlFile().CheckPoint)
	shipUpTo(t, p, s, shutdown.End)
	caughtUp(t, s.Engine, shutdown.End)
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	closeEngine(t, s.Engine)

	s = storeOf(t, open(t, so), so)
	defer s.Abort()
	if got := s.Modules().Format(kv.ID); got != 1 {
		t.Errorf("after a restart kv is in format %d", got)
	}
	if got := s.get("a"); got != "1" {
		t.Errorf("a is %v", got)
	}
	follow(t, p.Engine, s.Engine)
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := s.Positions().Redo; got != shutdown.LSN {
		t.Errorf("once the formats are here as well, recovery begins at %s, want %s", got, shutdown.LSN)
	}
	promote(t, s.Engine, 2)
	if got := s.Modules().Format(kv.ID); got != 1 {
		t.Errorf("after a promotion kv is in format %d", got)
	}
	if got := recordAt(t, s, shutdown.End); got.Rmgr != wal.RmgrModules {
		t.Errorf("behind the shutdown checkpoint is a record of %d", got.Rmgr)
	}
}
