package segment

import (
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// The background finds the next segment there, and before it can say so the log is taken back and the
// segment, which held some of it, removed.
func TestASegmentThatWasRemovedIsNotReady(t *testing.T) {
	const mib = 1 << 20
	f := vfs.NewFault(vfs.NewMem())
	var tasks []func()
	l, err := Open(Options{FS: f, Dir: "pg_wal", SegmentSize: mib, SystemID: 1, Go: func(task func()) { tasks = append(tasks, task) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.StartReceive(mib, 1); err != nil || len(tasks) != 1 {
		t.Fatalf("%d tasks, %v: the second segment is not about to be made", len(tasks), err)
	}
	received := make([]byte, mib+wal.PageSize)
	first := wal.PageHeader{Magic: wal.PageMagic15, Info: wal.PageLongHeader, Timeline: 1, Addr: 2 * mib, SystemID: 1, SegmentSize: mib, BlockSize: wal.PageSize}
	first.Encode(received[mib:])
	if err := l.Receive(mib, 1, received); err != nil {
		t.Fatal(err)
	}
	looks, done := make(chan struct{}), make(chan struct{})
	second := wal.SegmentName(1, 2*mib, mib)
	f.Add(&vfs.Rule{Op: vfs.OpRemove, Path: second, Times: 1, Before: func(string, string) {
		f.Add(&vfs.Rule{Op: vfs.OpStat, Path: second, Times: 1, Before: func(string, string) { close(looks) }})
		go func() { tasks[0](); close(done) }()
		<-looks
		func() { // until it has looked
			l.files.mu.Lock()
			defer l.files.mu.Unlock()
		}()
	}})
	if err := l.StartReceive(mib+800, 1); err != nil {
		t.Fatal(err)
	}
	<-done
	if err := l.Receive(mib+800, 1, received[800:]); err != nil {
		t.Error(err)
	}
	if len(tasks) != 2 {
		t.Fatalf("%d tasks: the second segment is not made again ahead of need", len(tasks)-1)
	}
	tasks[1]()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
