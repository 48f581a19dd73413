package node

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// standbyDir makes the directory of a standby that has some log and no upstream that answers.
func standbyDir(t *testing.T) *vfs.Mem {
	t.Helper()
	mem := vfs.NewMem()
	must(t, mem.MkdirAll("/n", 0o700))
	must(t, mem.SyncDir("/"))
	crashedDir(t, mem, "/n/data")
	must(t, vfs.WriteFile(mem, "/n/data/"+StandbySignal, nil, 0o600))
	must(t, mem.SyncDir("/n"))
	return mem
}

const upstreamAway = "primary_conninfo=host=primary port=1"

// A standby that was promoted and has taken writes is a primary after a crash, even if it came before
// standby.signal was removed.
func TestAPromotedStandbyStaysPrimary(t *testing.T) {
	mem := standbyDir(t)
	disk := vfs.NewFault(mem)
	mem.Record()
	n := runNode(t, disk, "/n/data", upstreamAway)
	n.becomes(api.RoleStandby)
	disk.Add(&vfs.Rule{Op: vfs.OpRemove, Path: StandbySignal, Err: syscall.EIO})
	if err := n.promoteUnmanaged(t.Context()); !errors.Is(err, syscall.EIO) {
		t.Fatalf("the signal was removed: %v", err)
	}
	after := runNode(t, mem.Crash(mem.Ops(), 0), "/n/data", upstreamAway)
	after.becomes(api.RolePrimary, api.RoleStandby)
	if now := after.current(); now.role != api.RolePrimary || now.timeline != 2 {
		t.Errorf("it is a %s on timeline %d", now.role, now.timeline)
	}
	if there, _ := vfs.Exists(after.opts.FS, "/n/data/"+StandbySignal); there {
		t.Error("the next start would make it a standby")
	}
}

// Whatever the moment of the crash, a promotion has happened or it has not: there is no standby with log on a
// timeline that its upstream does not have.
func TestAPromotionIsWholeAfterACrashAnywhere(t *testing.T) {
	mem := standbyDir(t)
	n := runNode(t, mem, "/n/data", upstreamAway)
	n.becomes(api.RoleStandby)
	mem.Record()
	must(t, n.promoteUnmanaged(t.Context()))
	done := mem.Ops()
	for crash := range 2 * (done + 1) { // all outcomes of each crash would be 400 nodes
		at := crash / 2
		variant := crash % 2 * (at % vfs.Variants)
		t.Run(fmt.Sprintf("crash before operation %d, variant %d", at, variant), func(t *testing.T) {
			after := runNode(t, mem.Crash(at, variant), "/n/data", upstreamAway, "min_wal_size=2MB", "max_wal_size=2MB", "shared_buffers=1MB")
			after.becomes(api.RolePrimary, api.RoleStandby)
			now := after.current()
			tli := now.local.engine.Positions().Timeline
			if now.role == api.RoleStandby && (tli != 1 || at == done) || now.role == api.RolePrimary && tli != 2 {
				t.Errorf("it is a %s with log on timeline %d", now.role, tli)
			}
			if text, err := vfs.ReadFile(after.opts.FS, "/n/data/"+StandbySignal); now.role == api.RoleStandby && (err != nil || len(text) > 0) {
				t.Errorf("%s says %q, %v", StandbySignal, text, err)
			}
		})
	}
}
