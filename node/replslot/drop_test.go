package replslot_test

import (
	"syscall"
	"testing"
	"testing/synctest"

	. "github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A drop that fails half-way leaves a slot that can be used, saved and dropped, or none.
func TestADropThatFailsLeavesTheSlotWholeOrGone(t *testing.T) {
	for _, op := range []string{vfs.OpRename, vfs.OpRemove, vfs.OpReadDir, vfs.OpSyncDir} {
		for after := range 4 {
			mem := disk(t)
			fs := vfs.NewFault(mem)
			s := openSlots(t, fs)
			must(t, s.Create(Slot{Name: "a", RestartLSN: 100}, 1))
			fs.Add(&vfs.Rule{Op: op, After: after, Err: syscall.EIO})
			failed := s.Drop("a", 1, nil) != nil
			fs.Clear()
			_, there := s.Get("a")
			if there && !failed {
				t.Errorf("%s fails after %d: it is there, and the drop succeeded", op, after)
			}
			if there {
				_, _, err := s.Acquire("a", 1)
				must(t, err)
				s.Advance("a", 200)
				must(t, s.Save())
				s.Release("a")
				if got, _ := openSlots(t, mem.PowerCut(0)).Get("a"); got.RestartLSN != 200 {
					t.Errorf("%s fails after %d: what was saved is %+v", op, after, got)
				}
			} else if got := openSlots(t, mem.PowerCut(0)).List(); len(got) != 0 && !failed {
				t.Errorf("%s fails after %d: a crash brings back %+v", op, after, got)
			}
			if !there {
				must(t, s.Create(Slot{Name: "a", RestartLSN: 300}, 1))
			}
			if err := s.Drop("a", 1, nil); err != nil {
				t.Errorf("%s fails after %d: it cannot be dropped: %v", op, after, err)
			}
			if got := openSlots(t, mem.PowerCut(1)).List(); len(got) != 0 {
				t.Errorf("%s fails after %d: at the end there is %+v", op, after, got)
			}
		}
	}
}

// Who waits for another session's temporary slot waits until that session ends, and does nothing meanwhile.
func TestADropWaitsForTheSessionOfATemporarySlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openSlots(t, vfs.NewMem())
		must(t, s.Create(Slot{Name: "tmp", Temporary: true}, 1))
		_, _, err := s.Acquire("tmp", 1)
		must(t, err)
		s.Release("tmp")
		dropped := make(chan error, 1)
		go func() { dropped <- s.Drop("tmp", 2, t.Context().Done()) }()
		synctest.Wait()
		select {
		case err := <-dropped:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
		s.EndSession(1)
		wantCode(t, <-dropped, "42704")
	})
}
