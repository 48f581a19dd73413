package engine_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestEveryFlippedByteOfDurableLogIsCorruptionAndNoTornTail also in the last segment, behind which
// there is no log that could tell.
func TestEveryFlippedByteOfDurableLogIsCorruptionAndNoTornTail(t *testing.T) {
	m := vfs.NewMem()
	var redo, last wal.LSN
	synctest.Test(t, func(t *testing.T) { // so that the witness has been heard before the crash
		s, _ := newStore(t, m)
		for i := range 30 {
			s.put(key(i), value(i))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		redo, last = s.Positions().Redo, s.Log().LastRecord()
		s.Abort()
	})
	f, err := m.OpenFile(dir+"/pg_wal/"+wal.SegmentName(1, redo, 1<<20), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	step := int64(1)
	if testing.Short() {
		step = 13
	}
	o := options(t, m, kv.Module)
	missed := 0
	for off := int64(redo % (1 << 20)); off < int64(last%(1<<20)); off += step {
		var old [1]byte
		if _, err := f.ReadAt(old[:], off); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{old[0] ^ 0x10}, off); err != nil {
			t.Fatal(err)
		}
		e, err := engine.Open(context.Background(), o)
		if err == nil {
			e.Abort()
		}
		if !errors.Is(err, wal.ErrCorrupt) && !unseen(m, o, off, old[0]) {
			missed++
			t.Errorf("byte %d of %d flipped: %v", off, last%(1<<20), err)
		}
		if missed > 5 {
			return
		}
		if _, err := f.WriteAt(old[:], off); err != nil {
			t.Fatal(err)
		}
	}
}

// unseen reports whether a byte means nothing: padding between records and the rest of page headers.
func unseen(m *vfs.Mem, o engine.Options, off int64, was byte) bool {
	return was == 0 && (off%8 > 0 || off%wal.PageSize < wal.LongPageHeaderSize)
}
