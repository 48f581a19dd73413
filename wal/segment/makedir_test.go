package segment_test

import (
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Whoever made the directory may have failed, or been killed, before its name was durable.
func TestTheLogsDirectoryIsDurableWhoeverMadeIt(t *testing.T) {
	for name, before := range map[string]func(*vfs.Mem){
		"nobody yet":              func(*vfs.Mem) {},
		"somebody who was killed": func(m *vfs.Mem) { m.MkdirAll("pg_wal", 0o700) },
		"an Open that failed": func(m *vfs.Mem) {
			f := vfs.NewFault(m, &vfs.Rule{Op: vfs.OpSyncDir, Times: 1, Err: syscall.EIO})
			if _, err := segment.Open(segment.Options{FS: f, Dir: "pg_wal", SegmentSize: mib}); err == nil {
				t.Error("the directory's name is not durable, and Open says nothing")
			}
		},
	} {
		mem := vfs.NewMem()
		before(mem)
		l := opened(t, segment.Options{FS: mem})
		if exists, err := vfs.Exists(mem.PowerCut(0), "pg_wal"); !exists || err != nil {
			t.Errorf("made by %s: after a power cut it is there: %t, %v", name, exists, err)
		}
		l.Close()
	}
}
