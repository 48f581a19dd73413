package node

import (
	"errors"
	"sync"
	"testing"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Whatever the disk, or an open that waits for file descriptors, is busy with: a node says at once how it is.
// Who watches it would otherwise not know a node with a slow disk from one that is gone.
func TestStatusDoesNotWaitForTheDisk(t *testing.T) {
	for what, rule := range map[string]vfs.Rule{
		"pg_control is written":         {Op: vfs.OpCreate, Path: "pg_control*"},
		"pg_control is made durable":    {Op: vfs.OpSync, Path: "pg_control*"},
		"a segment is opened":           {Op: vfs.OpOpen, Path: "00000001*"},
		"a segment is written":          {Op: vfs.OpWrite, Path: "00000001*"},
		"a segment is made durable":     {Op: vfs.OpSync, Path: "00000001*"},
		"the log's directory is listed": {Op: vfs.OpReadDir, Path: "pg_wal"},
		"the log's directory is synced": {Op: vfs.OpSyncDir, Path: "pg_wal"},
	} {
		t.Run(what, func(t *testing.T) {
			disk := vfs.NewFault(vfs.NewMem())
			crashedDir(t, disk, "/data")
			n := runNode(t, disk, "/data", "max_wal_size=2MB", "min_wal_size=2MB")
			n.becomes(api.RolePrimary)
			hangs, mends := make(chan struct{}), make(chan struct{})
			var once sync.Once
			rule.Before = func(string, string) {
				once.Do(func() { close(hangs) })
				<-mends
			}
			disk.Add(&rule)
			done := make(chan error, 1)
			go func() {
				var errs []error
				for range 4 {
					errs = append(errs, n.SwitchWAL(t.Context(), api.SwitchWALRequest{}), n.Checkpoint(t.Context(), api.CheckpointRequest{Wait: true}))
				}
				done <- errors.Join(errs...)
			}()
			select {
			case <-hangs:
				said := make(chan struct{})
				go func() { n.Status(); close(said) }()
				select {
				case <-said:
				case <-time.After(time.Minute):
					t.Error("nothing was said")
				}
			case err := <-done:
				t.Errorf("nothing hangs: %v", err)
				done <- nil
			}
			close(mends)
			must(t, <-done)
		})
	}
}
