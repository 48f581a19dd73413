package engine_test

import (
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// That the process may not open another file just now is no fault of the record that needs one.
func TestReplayWaitsUntilAFileMayBeOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newStore(t, vfs.NewMem(), keepLog)
		defer p.Abort()
		f := vfs.NewFault(clone(t, p.Engine))
		o := options(t, f, kv.Module)
		s := storeOf(t, open(t, o), o)
		defer s.Abort()
		f.Add(&vfs.Rule{Op: vfs.OpOpen, Path: "12510?", Err: syscall.EMFILE})
		for i := range 10 {
			p.put(key(i), value(i))
		}
		ship(t, p.Engine, s.Engine, 5000)
		synctest.Wait()
		if pause := s.ReplayPause(); pause == nil || pause.Reason != "NoDescriptors" {
			t.Errorf("pause is %+v", pause)
		}
		f.Clear()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got, want := rows(s), rows(p); !slices.Equal(got, want) {
			t.Errorf("%d rows here, %d on the primary, or other ones", len(got), len(want))
		}
	})
}
