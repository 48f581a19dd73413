package engine_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A standby gives up what a slot has let go of although no new checkpoint record has come: if its disk is
// full none will come before there is room.
func TestAStandbyGivesUpLogThatASlotHasLetGoOf(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	defer p.Abort()
	o := options(t, clone(t, p.Engine), kv.Module)
	o.NoWALRecycle = true
	var needed atomic.Uint64
	needed.Store(1 << 20)
	o.Retain = func(wal.LSN) wal.LSN { return wal.LSN(needed.Load()) }
	s := storeOf(t, open(t, o), o)
	defer s.Abort()
	for i := range 20_000 {
		p.put(key(i), value(i))
	}
	if err := p.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	follow(t, p.Engine, s.Engine)
	restartpoint := func() {
		t.Helper()
		if err := s.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	restartpoint()
	at := s.Positions()
	if at.Redo-at.Oldest < 2<<20 {
		t.Fatalf("log from %s on, redo at %s: the test proves nothing", at.Oldest, at.Redo)
	}
	needed.Store(0)
	restartpoint()
	if now := s.Positions(); now.Oldest != now.Redo&^(1<<20-1) {
		t.Errorf("log from %s on is still here, redo at %s", now.Oldest, now.Redo)
	}
}
