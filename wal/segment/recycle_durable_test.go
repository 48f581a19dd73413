package segment_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// An old segment that was renamed to a future one is taken into use only when its new name is durable:
// a power cut would give the file its old name back, and with it the log that was acknowledged there.
func TestARecycledSegmentIsNotUsedBeforeItsNameIsDurable(t *testing.T) {
	for name, rule := range map[string]vfs.Rule{
		"while Recycle makes it durable": {Op: vfs.OpSyncDir},
		"after Recycle failed half-way":  {Op: vfs.OpRemove, Err: errIO},
	} {
		t.Run(name, func(t *testing.T) {
			mem, tasks := vfs.NewMem(), &backlog{}
			faulty := vfs.NewFault(mem)
			l := opened(t, segment.Options{FS: faulty, MinSize: 3 * mib, MaxSize: 4 * mib, BufferSize: 64 << 10, Go: tasks.later})
			t.Cleanup(tasks.run)
			var b wal.Builder
			for i := range 6 {
				l.Insert(message(&b, i, 950_000), 0)
				tasks.run()
			}
			l.Flush(l.InsertLSN())
			l.SetRedoPointer(l.InsertLSN())

			commit := func(string, string) {
				_, end, err := l.Insert(message(&b, 6, 2*mib), 0)
				if err == nil {
					err = l.Flush(end)
				}
				if err != nil {
					t.Fatal(err)
				}
				if _, found, err := survivors(mem.PowerCut(0), 0); err != nil || found.LSN != end {
					t.Errorf("flushed up to %s, a power cut leaves log up to %s: %v", end, found.LSN, err)
				}
			}
			rule.Times = 1
			if rule.Err == nil {
				rule.Before = commit
			}
			faulty.Add(&rule)
			if _, err := l.Recycle(5*mib, nil); (err == nil) != (rule.Err == nil) {
				t.Fatal(err)
			}
			if rule.Err != nil {
				commit("", "")
			}
		})
	}
}
