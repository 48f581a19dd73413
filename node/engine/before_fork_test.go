package engine_test

import (
	"errors"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestFollowBeforeTheForkReceivesTheOldTimelineFirst tells a standby of a new timeline while log of the
// old one is still missing here. What is received until the fork belongs into the old timeline's file;
// a file of the new one with the head only would hide it from replay.
func TestFollowBeforeTheForkReceivesTheOldTimelineFirst(t *testing.T) {
	for name, restart := range map[string]bool{"at once": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			p, _ := newStore(t, vfs.NewMem(), keepLog)
			p.put("a", "1")
			b, _ := standbyOf(t, p, kv.Module)
			defer b.Abort()
			c, co := standbyOf(t, p, kv.Module)
			follow(t, p.Engine, c.Engine)
			for i := range 20 {
				p.put(key(i), value(i))
			}
			follow(t, p.Engine, b.Engine)
			p.Abort()
			fork := b.Log().FlushedLSN()
			promote(t, b.Engine, 2)
			b.put("two", "2")

			history, err := b.Log().ReadHistory(2)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Follow(2, history); err != nil {
				t.Fatal(err)
			}
			if restart {
				m := co.FS.(*vfs.Mem).PowerCut(0)
				c.Abort()
				co.FS = m
				c = storeOf(t, open(t, co), co)
			}
			defer c.Abort()
			if got := c.Log().Timeline(); got != 1 {
				t.Errorf("the log that comes next is received on timeline %d, want 1", got)
			}
			if err := c.Promote(t.Context(), 2, ""); err == nil {
				t.Fatal("a log that ends before its timeline begins was opened on it")
			}
			shipOn(t, b.Engine, c.Engine, 1, fork)
			if err := c.Log().StartReceive(fork, 2); err != nil {
				t.Fatal(err)
			}
			shipOn(t, b.Engine, c.Engine, 2, b.Log().FlushedLSN())
			caughtUp(t, c.Engine, c.Log().FlushedLSN())
			if got := c.count(); got != 22 || c.get("two") != "2" {
				t.Errorf("%d keys on the follower, want 22", got)
			}
		})
	}
}

// shipOn copies log of one timeline up to end.
func shipOn(t *testing.T, from, to *engine.Engine, tli wal.TimelineID, end wal.LSN) {
	t.Helper()
	buf := make([]byte, 5000)
	for at := to.Log().InsertLSN(); at < end; {
		k, err := from.Log().ReadAt(buf[:min(len(buf), int(end-at))], at, tli)
		if k == 0 {
			t.Fatal(err)
		}
		if err := to.Log().Receive(at, tli, buf[:k]); err != nil {
			t.Fatal(err)
		}
		at += wal.LSN(k)
	}
	if _, err := to.Log().FlushReceived(); err != nil && !errors.Is(err, wal.ErrNotYet) {
		t.Fatal(err)
	}
}
