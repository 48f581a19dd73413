package segment_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// On a full disk changes of pages are refused while there is still room for what they owe: their commits,
// and the checkpoint that gives up old log and so makes room.
func TestRoomIsLeftForCommitsAndCheckpoints(t *testing.T) {
	for _, size := range []int{10, 1000, 100_000} {
		faulty := vfs.NewFault(vfs.NewMem())
		l := opened(t, segment.Options{FS: faulty, MinSize: 3 * mib, MaxSize: 4 * mib, BufferSize: 64 << 10})
		faulty.Add(&vfs.Rule{Op: vfs.OpWrite, Path: "xlogtemp.*", Err: syscall.ENOSPC})
		var b wal.Builder
		redo, err := l.BeginCheckpoint(message(&b, 0, 10))
		for err == nil {
			_, _, err = l.Insert(message(&b, 1, size), redo)
		}
		for err = nil; err == nil; {
			_, _, err = l.Insert(message(&b, 1, 10), redo) // nor does a small one fit
		}
		if !errors.Is(err, segment.ErrNoSpace) {
			t.Fatal(err)
		}
		if _, err := l.SwitchSegment(); !errors.Is(err, segment.ErrNoSpace) {
			t.Errorf("a segment switch without a segment behind it: %v, want ErrNoSpace", err)
		}
		if _, _, err := l.Insert(message(&b, 2, 20_000), 0); err != nil {
			t.Errorf("after records of %d bytes a commit: %v", size, err)
		}
		redo, err = l.BeginCheckpoint(message(&b, 3, 20_000))
		if err == nil {
			err = l.Flush(l.InsertLSN())
		}
		if err != nil {
			t.Fatalf("after records of %d bytes a checkpoint: %v", size, err)
		}
		if _, err := l.Recycle(redo, nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := l.Insert(message(&b, 4, 300_000), redo); err != nil {
			t.Errorf("after records of %d bytes the checkpoint made no room: %v", size, err)
		}
	}
}
