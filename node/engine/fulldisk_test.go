package engine_test

import (
	"context"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// fillLog makes the log's disk full and writes until not even a small change is taken. It returns how many
// keys were acknowledged.
func fillLog(t *testing.T, s store, f *vfs.Fault) (n int) {
	t.Helper()
	f.Add(&vfs.Rule{Op: vfs.OpWrite, Path: "xlog*", After: 5, Err: syscall.ENOSPC},
		&vfs.Rule{Op: vfs.OpTrunc, Path: "xlog*", After: 5, Err: syscall.ENOSPC})
	for refused := 0; refused < 100; n++ {
		if n > 50000 {
			t.Fatalf("%d keys, and the disk is not full", n)
		}
		if err := s.tryPut(key(n), value(n)); err != nil {
			if sqlState(err) != "53100" {
				t.Fatalf("after %d keys: %v", n, err)
			}
			n, refused = n-1, refused+1
			s.tryPut(key(0), value(0)) // takes the least room
		}
	}
	return n
}

// TestACheckpointMakesRoomOnAFullLogDisk: the log that a checkpoint gives up is the only room there will
// be, so the checkpoint itself must not need any.
func TestACheckpointMakesRoomOnAFullLogDisk(t *testing.T) {
	m := vfs.NewMem()
	f := vfs.NewFault(m)
	s, _ := newStore(t, f)
	defer s.Abort()
	n := fillLog(t, s, f)
	if got := int(s.count()); got != n {
		t.Errorf("%d keys are there, %d were acknowledged", got, n)
	}
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.put("after", "the checkpoint")
}

// TestASlotThatLetsGoMakesRoomOnAFullLogDisk: checkpoints go on while it holds the log, and take the room
// that is kept for them.
func TestASlotThatLetsGoMakesRoomOnAFullLogDisk(t *testing.T) {
	m := vfs.NewMem()
	f := vfs.NewFault(m)
	var needed atomic.Uint64
	needed.Store(1 << 20)
	s, _ := newStore(t, f, func(o *engine.Options) { o.Retain = func(wal.LSN) wal.LSN { return wal.LSN(needed.Load()) } })
	defer s.Abort()
	fillLog(t, s, f)
	n := 0
	for ; s.Checkpoint(context.Background()) == nil; n++ {
	}
	if n == 0 {
		t.Error("not one checkpoint")
	}
	needed.Store(uint64(s.Log().FlushedLSN()))
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.put("large", strings.Repeat("x", 100_000))
}

// What is kept for commits and checkpoints is not for restore points, of which a script may make many.
func TestRestorePointsLeaveRoomForACheckpoint(t *testing.T) {
	f := vfs.NewFault(vfs.NewMem())
	s, _ := newStore(t, f)
	defer s.Abort()
	fillLog(t, s, f)
	for i := 0; ; i++ {
		if _, err := s.RestorePoint(context.Background(), "again"); sqlState(err) == "53100" {
			break
		} else if err != nil || i == 10_000 {
			t.Fatalf("%d restore points, then %v", i, err)
		}
	}
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.put("after", "the checkpoint")
}
