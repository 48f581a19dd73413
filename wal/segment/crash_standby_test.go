package segment_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestAPowerCutOnAStandbyLosesNothingItAcknowledged receives in pieces that end anywhere.
func TestAPowerCutOnAStandbyLosesNothingItAcknowledged(t *testing.T) {
	t.Parallel()
	src, _ := primary(t, 14, 100_001)
	mem := vfs.NewMem()
	mem.Record()
	dst := open(t, segment.Options{FS: mem})
	if err := dst.StartReceive(mib, 1); err != nil {
		t.Fatal(err)
	}
	s := &story{t: t, mem: mem, inserted: 14, promises: []promise{{mem.Ops(), mib, 0}}}
	at := wal.LSN(mib)
	for i := 0; at < src.FlushedLSN(); i++ {
		next := min(at+40_123, src.FlushedLSN())
		ship(t, src, dst, at, next, 33_333)
		at = next
		if i%2 == 1 {
			if _, err := dst.FlushReceived(); err != nil {
				t.Fatal(err)
			}
			s.promises = append(s.promises, promise{mem.Ops(), completeBefore(t, src, at), 0})
		}
	}
	for op := s.promises[0].op; op <= mem.Ops(); op++ {
		for _, variant := range tried() {
			checkCrash(t, s, op, variant)
		}
	}
}

// completeBefore is the end of the last record that ends at or before at: bytes of a record that is
// not complete are acknowledged, but nobody's commit depends on them.
func completeBefore(t *testing.T, l *segment.Log, at wal.LSN) wal.LSN {
	t.Helper()
	src := l.NewSource(wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib})
	r.Seek(mib)
	for {
		end := r.End()
		rec, err := r.Next()
		if err == wal.ErrNotYet || err == nil && rec.End > at {
			return end
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestAPowerCutInAPromotionLosesNothing: whatever moment it hits, all records of the old timeline are
// there, and those of the new one that were flushed.
func TestAPowerCutInAPromotionLosesNothing(t *testing.T) {
	t.Parallel()
	mem := vfs.NewMem()
	l := opened(t, segment.Options{FS: mem, BufferSize: 64 << 10})
	var b wal.Builder
	for i := range 5 {
		l.Insert(message(&b, i, 30_000), 0)
	}
	l.Flush(l.InsertLSN())
	end, last := l.FlushedLSN(), l.LastRecord()
	mem.Record()
	promote(t, l, end, last, 2)
	begun := mem.Ops()
	l.Insert(message(&b, 5, 30_000), 0)
	if err := l.Flush(l.InsertLSN()); err != nil {
		t.Fatal(err)
	}
	for op := range mem.Ops() + 1 {
		for _, variant := range tried() {
			disk := mem.Crash(op, variant)
			want := 5
			if op == mem.Ops() {
				want = 6
			}
			n, tli := countOnNewest(t, disk)
			if n < want || op >= begun && tli != 2 {
				t.Fatalf("power cut before operation %d, variant %d: %d records on timeline %d, want %d", op, variant, n, tli, want)
			}
		}
	}
}

// countOnNewest reads the newest timeline that has a history file, or the first.
func countOnNewest(t *testing.T, disk *vfs.Mem) (n int, tli wal.TimelineID) {
	t.Helper()
	h := wal.NewHistory(1)
	contents, err := vfs.ReadFile(disk, "pg_wal/00000002.history")
	if err == nil {
		h, err = wal.ParseHistory(2, contents)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	src := segment.NewSource(disk, "pg_wal", mib, h)
	defer src.Close()
	_, err = segment.EndOfLog(wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib}), mib, func(*wal.Record) error { n++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n, h.Timeline()
}
