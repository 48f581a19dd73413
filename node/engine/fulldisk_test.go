package engine_test

import (
	"context"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestACheckpointMakesRoomOnAFullLogDisk: the log that a checkpoint gives up is the only room there will
// be, so the checkpoint itself must not need any.
func TestACheckpointMakesRoomOnAFullLogDisk(t *testing.T) {
	m := vfs.NewMem()
	f := vfs.NewFault(m)
	s, _ := newStore(t, f)
	defer s.Abort()
	f.Add(&vfs.Rule{Op: vfs.OpWrite, Path: "xlog*", After: 5, Err: syscall.ENOSPC},
		&vfs.Rule{Op: vfs.OpTrunc, Path: "xlog*", After: 5, Err: syscall.ENOSPC})
	var err error
	n := 0
	for ; err == nil && n < 50000; n++ {
		err = s.tryPut(key(n), value(n))
	}
	if sqlState(err) != "53100" {
		t.Fatalf("after %d keys: %v", n, err)
	}
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.put("after", "the checkpoint")
}
