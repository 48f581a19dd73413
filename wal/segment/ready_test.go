package segment

import (
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Recycle looks for segments ahead while one is being made: it has its name, which a power cut would take
// away, and with it log that was acknowledged there.
func TestASegmentIsNotUsedBeforeItsNameIsDurable(t *testing.T) {
	const mib = 1 << 20
	f := vfs.NewFault(vfs.NewMem())
	var tasks []func()
	run := func() {
		for len(tasks) > 0 {
			task := tasks[0]
			tasks = tasks[1:]
			task()
		}
	}
	l, err := Open(Options{FS: f, Dir: "pg_wal", SegmentSize: mib, SystemID: 1, NoRecycle: true, Go: func(task func()) { tasks = append(tasks, task) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.StartInsert(mib, 0, 1); err != nil {
		t.Fatal(err)
	}
	var b wal.Builder
	b.Begin(wal.RmgrExperimental, 0)
	b.AddMain([]byte("x"))
	if err := b.Finish(); err != nil {
		t.Fatal(err)
	}
	l.Insert(&b, 0)
	run()
	if _, err := l.SwitchSegment(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Insert(&b, 0); err != nil || len(tasks) != 1 {
		t.Fatalf("%d tasks, %v: the third segment is not about to be made", len(tasks), err)
	}
	named, synced, made := make(chan struct{}), make(chan struct{}), make(chan struct{})
	f.Add(&vfs.Rule{Op: vfs.OpStat, Path: wal.SegmentName(1, 3*mib, mib), Times: 1, Before: func(string, string) {
		f.Add(&vfs.Rule{Op: vfs.OpSyncDir, Times: 1, Before: func(string, string) { close(named); <-synced }})
		go func() { run(); close(made) }()
		<-named
	}})
	if _, err := l.Recycle(2*mib, nil); err != nil {
		t.Fatal(err)
	}
	if l.ready > 3*mib {
		t.Errorf("inserts are accepted up to %s, and the segment before has no durable name yet", l.ready)
	}
	close(synced)
	<-made
	if l.ready != 4*mib {
		t.Errorf("inserts are accepted up to %s once it has", l.ready)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
