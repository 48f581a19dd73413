package replslot_test

import (
	"syscall"
	"testing"

	. "github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// What slots let go of is the only room that there will be on a full disk, so that noting it takes none.
func TestAFullDiskDoesNotKeepSlotsFromLettingGo(t *testing.T) {
	mem := disk(t)
	fs := vfs.NewFault(mem)
	s := openSlots(t, fs)
	must(t, s.Create(Slot{Name: "far", RestartLSN: 100}, 1))
	must(t, s.Create(Slot{Name: "near", RestartLSN: 200}, 1))
	fs.Add(&vfs.Rule{Op: vfs.OpCreate, Path: "*.tmp", Err: syscall.ENOSPC})
	s.Advance("near", 500)
	_, err := s.GiveUp(400)
	must(t, err)
	for name, s := range map[string]*Slots{"now": s, "after a crash": openSlots(t, mem.PowerCut(0))} {
		if got := s.Oldest(); got != 500 {
			t.Errorf("%s: the oldest log that is held back is %s, want %s", name, got, wal.LSN(500))
		}
	}
}
