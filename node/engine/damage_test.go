package engine_test

import (
	"context"
	"os"
	"path"
	"testing"
	"testing/synctest"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

const damagedKeys = 25

// TestEveryFlippedBitElsewhereIsNoticedOrHarmless damages what is not log: pg_control, a page of data
// that replay does not make anew, the witness and the census. Whoever reads afterwards gets an error or
// what was written.
func TestEveryFlippedBitElsewhereIsNoticedOrHarmless(t *testing.T) {
	m := vfs.NewMem()
	synctest.Test(t, func(t *testing.T) { // so that the witness and the census are written
		s, _ := newStore(t, m)
		for i := range damagedKeys {
			s.put(key(i), value(i))
		}
		if _, err := s.SwitchWAL(context.Background()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		closeEngine(t, s.Engine)
	})
	for name, tt := range map[string]struct {
		size  int64
		least float64 // the share of flips that must be noticed, so that the test shows something
	}{
		"global/pg_control":      {512, 0.5},
		"base/5/125100":          {8192, 0.99},
		"pg_wal/redoubt.durable": {1024, 0},
	} {
		t.Run(path.Base(name), func(t *testing.T) {
			f, err := m.OpenFile(dir+"/"+name, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			step := int64(1)
			if testing.Short() {
				step = 7
			}
			size, err := f.Size()
			if err != nil {
				t.Fatal(err)
			}
			tried, noticed := 0, 0
			for off := int64(0); off < min(size, tt.size); off += step {
				var old [1]byte
				if _, err := f.ReadAt(old[:], off); err != nil {
					t.Fatal(err)
				}
				if _, err := f.WriteAt([]byte{old[0] ^ 1<<(off%8)}, off); err != nil {
					t.Fatal(err)
				}
				tried++
				if noticesOrHas(t, m) {
					noticed++
				}
				if t.Failed() {
					t.Fatalf("bit %d of byte %d of %s", off%8, off, name)
				}
				if _, err := f.WriteAt(old[:], off); err != nil {
					t.Fatal(err)
				}
			}
			if share := float64(noticed) / float64(tried); share < tt.least {
				t.Errorf("only %.2f of %d flips were noticed", share, tried)
			}
		})
	}
}

// noticesOrHas reports whether a start, or reading all keys after it, says that something is damaged;
// if not, all that was written must be there. The disk is as before afterwards.
func noticesOrHas(t *testing.T, m *vfs.Mem) bool {
	t.Helper()
	o := options(t, m.PowerCut(1), kv.Module)
	e, err := engine.Open(context.Background(), o)
	if err != nil {
		return true
	}
	defer e.Abort()
	if e.ReplayPause() != nil {
		return true
	}
	for i := range damagedKeys {
		v, _, err := call(e, o.Table, "kv_get", key(i))
		if err != nil {
			return true
		}
		if v != value(i) {
			t.Errorf("%s is %.20v, want %.20s", key(i), v, value(i))
		}
	}
	return false
}
