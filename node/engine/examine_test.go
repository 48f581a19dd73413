package engine_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// suspectDir is what an engine leaves whose disk failed after a checkpoint and 30 keys more; redo is
// where its replay begins.
func suspectDir(t *testing.T) (m *vfs.Mem, redo wal.LSN) {
	t.Helper()
	m = vfs.NewMem()
	f := vfs.NewFault(m)
	s, _ := newStore(t, f)
	for i := range 60 {
		if i == 30 {
			if err := s.Checkpoint(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		s.put(key(i), value(i))
	}
	redo = s.Positions().Redo
	f.Add(&vfs.Rule{Op: vfs.OpSync, Path: "0000000*", Times: 1, Err: syscall.EIO})
	if err := s.tryPut("never", "acknowledged"); err == nil {
		t.Fatal("the failed fsync was not reported")
	}
	<-s.Failed()
	s.Abort()
	return m, redo
}

func flip(t *testing.T, m *vfs.Mem, name string, off int64) {
	t.Helper()
	f, err := m.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x10
	if _, err := f.WriteAt(b[:], off); err != nil {
		t.Fatal(err)
	}
}

// TestExamineReadsAllAndChangesNothing and refuses what replay does not make good.
func TestExamineReadsAllAndChangesNothing(t *testing.T) {
	const segment1 = dir + "/pg_wal/000000010000000000000001"
	for name, tt := range map[string]struct {
		damage func(m *vfs.Mem, redo wal.LSN)
		want   error
		pages  int64 // damaged, and restored by replay
	}{
		"sound": {damage: func(*vfs.Mem, wal.LSN) {}},
		"log after the redo point": {want: wal.ErrCorrupt, damage: func(m *vfs.Mem, redo wal.LSN) {
			flip(t, m, segment1, int64(redo%(1<<20))+300)
		}},
		"log before the redo point, which replay does not read": {want: wal.ErrCorrupt, damage: func(m *vfs.Mem, _ wal.LSN) {
			flip(t, m, segment1, 3000)
		}},
		"a page that replay makes anew": {pages: 1, damage: func(m *vfs.Mem, _ wal.LSN) {
			flip(t, m, dir+"/base/5/125100", 8192+5000) // the leaf that every put changes
		}},
		"a page that no record in the log restores": {want: engine.ErrDamaged, damage: func(m *vfs.Mem, _ wal.LSN) {
			addPage(t, m, dir+"/base/5/99999")
			flip(t, m, dir+"/base/5/99999", 5000)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m, redo := suspectDir(t)
			tt.damage(m, redo)
			o := options(t, m, kv.Module)
			before := contents(t, m, dir)
			x, err := engine.Examine(context.Background(), o)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			sameContents(t, before, contents(t, m, dir))
			if err != nil {
				return
			}
			if x.Suspect == "" || x.Records < 60 || x.Pages < 2 || x.Restored != tt.pages || x.Oldest >= redo || x.End <= redo {
				t.Errorf("found %+v with the redo point %s", x, redo)
			}
			e := open(t, o)
			if err := e.ClearSuspect(context.Background()); err != nil {
				t.Fatal(err)
			}
			closeEngine(t, e)
			checkAfterCrash(t, m.PowerCut(0), 60, 60, "after the mark was cleared")
		})
	}
}

// addPage makes a file with one good page of zeros and rubbish that is not a page.
func addPage(t *testing.T, m *vfs.Mem, name string) {
	t.Helper()
	f, err := m.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 8192), 0); err != nil {
		t.Fatal(err)
	}
}
