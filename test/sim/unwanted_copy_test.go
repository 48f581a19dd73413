package sim_test

import (
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/test/sim"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A copy that a promise has made useless just before it was complete does not stay on the disk: it is as large
// as the data directory.
func TestACopyThatIsNoLongerWantedIsRemoved(t *testing.T) {
	for when, c := range map[string]struct {
		rule vfs.Rule
		want control.Role
	}{
		"before it has its name": {vfs.Rule{Op: vfs.OpRename, Path: "data.new", Times: 1}, control.RoleEmpty},
		"when it has":            {vfs.Rule{Op: vfs.OpSyncDir, Path: "lib", Times: 1}, control.RoleEmpty},
		"too late":               {vfs.Rule{Op: vfs.OpCreate, Path: "data.swap.tmp", Times: 1}, control.RoleStandby},
	} {
		rule, want := c.rule, c.want
		t.Run(when, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := cluster(t)
				d, err := sim.NewMachine(c.Net, "d", slog.New(slog.NewTextHandler(t.Output(), nil)).With("on", "d"), kv.Module)
				must(t, err)
				defer d.Control.Close()
				must(t, d.Start())
				synctest.Wait()
				var fenced sync.WaitGroup
				rule.Before = func(string, string) {
					fenced.Go(func() {
						if _, err := d.Control.Do(t.Context(), control.FenceRequest{Timeline: 7}); err != nil {
							t.Error(err)
						}
					})
					time.Sleep(time.Second)
				}
				d.Faults.Add(&rule)
				_, err = d.Control.Do(t.Context(), control.FollowRequest{Timeline: c.Timeline, Upstream: control.Upstream{Host: "a", Port: 5432, Name: "a"}})
				must(t, err)
				time.Sleep(time.Minute)
				fenced.Wait()
				s, err := d.Control.Status(t.Context())
				must(t, err)
				if s.Role != want || s.FencedAt != 7 {
					t.Errorf("it is %s and has promised timeline %d: %s", s.Role, s.FencedAt, s.Message)
				}
				for _, name := range []string{"data.new", "data.new.tmp", "data.swap", "data.old"} {
					if there, _ := vfs.Exists(d.Disk, "/var/lib/"+name); there {
						t.Errorf("%s is left", name)
					}
				}
				must(t, d.Stop())
			})
		})
	}
}
