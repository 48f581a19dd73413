package engine_test

import (
	"context"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A demotion that fails after the log has ended leaves neither a primary nor a standby: the node stops, and
// the next start makes it whole. If it went on it would refuse writes, and the next demotion, for ever.
func TestADemotionThatFailsHalfWayStopsTheNode(t *testing.T) {
	m := vfs.NewMem()
	f := vfs.NewFault(m)
	s, o := newStore(t, f)
	s.put("a", "1")
	f.Add(&vfs.Rule{Op: vfs.OpOpen, Path: "00000001*", Times: 1, Err: syscall.EIO})
	if err := s.Demote(context.Background()); err == nil || s.Err() == nil {
		t.Fatalf("got %v, and the node says %v", err, s.Err())
	}
	<-s.Failed()
	if s.Suspect() != "" {
		t.Errorf("suspect, though no write has failed: %s", s.Suspect())
	}
	s.Abort()
	s = storeOf(t, primary(t, o), o)
	defer s.Abort()
	if s.get("a") != "1" {
		t.Error("a is lost")
	}
	s.put("b", "2")
}

// A stop is a demotion, so that standbys get all log, and then the end: pg_control says what it says of a
// PostgreSQL server that was stopped, until something is replayed.
func TestAPrimaryThatIsStoppedIsShutDown(t *testing.T) {
	p, o := newStore(t, vfs.NewMem(), keepLog)
	p.put("a", "1")
	s, so := standbyOf(t, p, kv.Module)
	state := func(o engine.Options) controlfile.State {
		t.Helper()
		f, err := controlfile.Read(o.FS, o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		return f.State
	}
	if err := p.Demote(context.Background()); err != nil {
		t.Fatal(err)
	}
	follow(t, p.Engine, s.Engine)
	if got := state(o); got != controlfile.InArchiveRecovery {
		t.Errorf("after the demotion: %v", got)
	}
	closeEngine(t, p.Engine)
	if got := state(o); got != controlfile.ShutDown {
		t.Errorf("after the end: %v", got)
	}
	closeEngine(t, s.Engine)
	if got := state(so); got != controlfile.ShutDownInRecovery {
		t.Errorf("the standby: %v", got)
	}
}
