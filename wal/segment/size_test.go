package segment_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Every legal segment size, at both ends of a segment, read by us and by pg_waldump. The files are
// sparse: a test need not fill a GiB.
func TestEverySegmentSizeIsReadByPgWaldumpAndByUs(t *testing.T) {
	for size := wal.LSN(mib); size <= 1<<30; size *= 2 {
		t.Run(fmt.Sprintf("%d MiB", size/mib), func(t *testing.T) {
			dir := t.TempDir() + "/pg_wal"
			o := segment.Options{FS: vfs.OS(), Dir: dir, SegmentSize: uint32(size), NoZero: true}
			l := opened(t, o)
			var b wal.Builder
			insert := func(l *segment.Log, n int) (start, end wal.LSN) {
				start, end, err := l.Insert(message(&b, n, n), 0)
				if err != nil {
					t.Fatal(err)
				}
				return start, end
			}
			flush := func(l *segment.Log) {
				if err := l.Flush(l.InsertLSN()); err != nil {
					t.Fatal(err)
				}
			}
			begin, _ := insert(l, 100)
			insert(l, 20_000)
			flush(l)
			sameRecords(t, dir, begin, l.FlushedLSN(), size, 2)

			// Over the edge: the log goes on two pages before the segment's end, in a record that
			// reaches into the next segment, and over a switch into the one after that.
			edge := 2*size - 2*wal.PageSize
			last := l.LastRecord()
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = open(t, o)
			if err := l.StartInsert(edge, last, 1); err != nil {
				t.Fatal(err)
			}
			begin, _ = insert(l, 100)
			insert(l, 40_000)
			if _, err := l.SwitchSegment(); err != nil {
				t.Fatal(err)
			}
			_, end := insert(l, 300)
			flush(l)
			if want := 3*size + wal.LongPageHeaderSize; begin != edge+24 || end <= want || end > want+wal.PageSize {
				t.Errorf("records from %s to %s, want from %s to a little over %s", begin, end, edge+24, want)
			}
			sameRecords(t, dir, begin, end, size, 4)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// sameRecords compares what pg_waldump and we read.
func sameRecords(t *testing.T, dir string, start, end, size wal.LSN, n int) {
	t.Helper()
	src := segment.NewSource(vfs.OS(), dir, uint64(size), wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: uint64(size)})
	var got []string
	for r.Seek(start); r.End() < end; {
		rec, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, line(rec))
	}
	var want []string
	// The files are named because pg_waldump takes the segments' size from the first one that it finds, and
	// what comes first, the next segment perhaps, is the file system's choice.
	for _, l := range waldump(t, dir, start, end, wal.SegmentName(1, start, uint64(size)), wal.SegmentName(1, end-1, uint64(size))) {
		want = append(want, essence(l))
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) != n {
		t.Errorf("%d records, want %d; pg_waldump (-) and we (+):\n%s", len(got), n, diff)
	}
}
