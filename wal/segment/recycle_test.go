package segment_test

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func names(t *testing.T, l *segment.Log) []string {
	t.Helper()
	segments, err := l.Segments()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range segments {
		out = append(out, s.Name[16:])
	}
	return out
}

func TestOldSegmentsBecomeFutureOnes(t *testing.T) {
	mem := vfs.NewMem()
	l := opened(t, segment.Options{FS: mem, MinSize: 3 * mib, MaxSize: 4 * mib, BufferSize: 64 << 10})
	var b wal.Builder
	for i := range 6 {
		l.Insert(message(&b, i, 950_000), 0)
	}
	l.Flush(l.InsertLSN())
	l.SetRedoPointer(l.InsertLSN()) // in segment 6
	held := wal.SegmentName(1, 2*mib, mib)
	removed, err := l.Recycle(5*mib+100, func(s segment.SegmentInfo) bool { return s.Name == held })
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{wal.SegmentName(1, mib, mib), wal.SegmentName(1, 3*mib, mib), wal.SegmentName(1, 4*mib, mib)}; !slices.Equal(removed, want) {
		t.Errorf("gave up %v, want %v", removed, want)
	}
	// 7 was prepared; 8 comes of an old one; more than MinSize is not needed yet.
	if got, want := names(t, l), []string{"00000002", "00000005", "00000006", "00000007", "00000008"}; !slices.Equal(got, want) {
		t.Errorf("segments %v, want %v", got, want)
	}
	if l.Oldest() != 2*mib {
		t.Errorf("oldest is %s", l.Oldest())
	}
	if _, err := l.ReadAt(make([]byte, 8), 3*mib, 1); !errors.Is(err, segment.ErrRemoved) {
		t.Errorf("read of what was given up: %v, want ErrRemoved", err)
	}
	// A recycled file's old contents are never taken for log.
	l.Insert(message(&b, 6, 1_500_000), 0)
	l.Insert(message(&b, 7, 1000), 0)
	if err := l.Flush(l.InsertLSN()); err != nil {
		t.Fatal(err)
	}
	r := wal.NewReader(segment.NewSource(mem.PowerCut(0), "pg_wal", mib, wal.NewHistory(1)), wal.ReaderOptions{SegmentSize: mib})
	start, err := r.FindFirst(5 * mib)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	end, err := segment.EndOfLog(r, start, func(*wal.Record) error { n++; return nil })
	if err != nil || n != 3 || end.LSN != l.FlushedLSN() {
		t.Errorf("%d records up to %s, %v; want 3 up to %s: %v", n, end.LSN, err, l.FlushedLSN(), end.Cause)
	}
}

func TestWithoutRecyclingOldSegmentsAreRemoved(t *testing.T) {
	l := opened(t, segment.Options{FS: vfs.NewMem(), MinSize: 3 * mib, MaxSize: 4 * mib, BufferSize: 64 << 10, NoRecycle: true})
	var b wal.Builder
	for i := range 6 {
		l.Insert(message(&b, i, 950_000), 0)
	}
	l.Flush(l.InsertLSN())
	l.SetRedoPointer(l.InsertLSN())
	before := l.Turnover()
	if _, err := l.Recycle(5*mib, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, l), []string{"00000005", "00000006", "00000007"}; !slices.Equal(got, want) {
		t.Errorf("segments %v, want %v", got, want)
	}
	if after := l.Turnover(); after != (segment.Turnover{Added: before.Added, Removed: 4}) {
		t.Errorf("turnover %+v after %+v", after, before)
	}
}

// wal_init_zero off leaves files sparse: they have their size and read as zeros, but nothing was written.
func TestSegmentsAreFilledWithZerosOrNot(t *testing.T) {
	for noZero, want := range map[bool]int64{false: mib, true: 1} {
		mem := vfs.NewMem()
		counting := &bytesWritten{FS: mem}
		l := opened(t, segment.Options{FS: counting, NoZero: noZero})
		var b wal.Builder
		_, end, err := l.Insert(message(&b, 0, 100), 0)
		if err != nil {
			t.Fatal(err)
		}
		files := l.Turnover().Added
		if files < 1 || counting.n != want*files {
			t.Errorf("NoZero %t: %d bytes were written to make %d segments, want %d each", noZero, counting.n, files, want)
		}
		if err := l.Flush(end); err != nil {
			t.Fatal(err)
		}
		for _, name := range names(t, l) {
			if info, err := mem.Stat("pg_wal/00000001" + "00000000" + name); err != nil || info.Size() != mib {
				t.Errorf("NoZero %t: segment %s: %v, %v", noZero, name, info, err)
			}
		}
		r := wal.NewReader(segment.NewSource(mem.PowerCut(0), "pg_wal", mib, wal.NewHistory(1)), wal.ReaderOptions{SegmentSize: mib})
		r.Seek(mib)
		if rec, err := r.Next(); err != nil || rec.End != end {
			t.Errorf("NoZero %t: read back %v, %v", noZero, rec, err)
		}
	}
}

// bytesWritten counts what is written to files.
type bytesWritten struct {
	vfs.FS
	n int64
}

func (c *bytesWritten) OpenFile(name string, flag int, perm os.FileMode) (vfs.File, error) {
	f, err := c.FS.OpenFile(name, flag, perm)
	return countedFile{f, c}, err
}

type countedFile struct {
	vfs.File
	c *bytesWritten
}

func (f countedFile) WriteAt(b []byte, off int64) (int, error) {
	f.c.n += int64(len(b))
	return f.File.WriteAt(b, off)
}

func TestReadAtStopsAtWhatIsDurable(t *testing.T) {
	l := opened(t, segment.Options{FS: vfs.NewMem()})
	var b wal.Builder
	_, first, _ := l.Insert(message(&b, 0, 100), 0)
	if _, err := l.ReadAt(make([]byte, 8), mib, 1); !errors.Is(err, wal.ErrNotYet) {
		t.Errorf("nothing is durable: %v, want ErrNotYet", err)
	}
	l.Flush(first)
	l.Insert(message(&b, 1, 100), 0)
	buf := make([]byte, 1000)
	if n, err := l.ReadAt(buf, mib, 1); n != int(first-mib) || err != nil {
		t.Errorf("read %d bytes, %v, want %d", n, err, first-mib)
	}
}

func TestALiveReaderWaitsAndGoesOn(t *testing.T) {
	l := opened(t, segment.Options{FS: vfs.NewMem(), BufferSize: 64 << 10})
	src := l.NewSource(wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib, SystemID: system})
	r.Seek(mib)
	var b wal.Builder
	for i, size := range []int{10, 8100, 10, 100_000, 2 * mib, 10, 10} {
		if _, err := r.Next(); err != wal.ErrNotYet {
			t.Fatalf("before record %d: %v, want ErrNotYet", i, err)
		}
		start, end, _ := l.Insert(message(&b, i, size), 0)
		if _, err := r.Next(); err != wal.ErrNotYet {
			t.Fatalf("record %d is not durable: %v, want ErrNotYet", i, err)
		}
		if err := l.Flush(end); err != nil {
			t.Fatal(err)
		}
		if rec, err := r.Next(); err != nil || rec.LSN != start || rec.End != end {
			t.Fatalf("record %d: %+v, %v", i, rec, err)
		}
	}
}

// What was to be made ahead may have been made by who needed it, filled and given up by the time the background
// gets to it. Zeros in its place would be taken for log.
func TestASegmentThatWasGivenUpIsNotMadeAgain(t *testing.T) {
	tasks := &backlog{}
	l := opened(t, segment.Options{FS: vfs.NewMem(), Go: tasks.later})
	t.Cleanup(tasks.run)
	var b wal.Builder
	for i := range 4 {
		if _, _, err := l.Insert(message(&b, i, mib), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(l.InsertLSN()); err != nil {
		t.Fatal(err)
	}
	keep := l.InsertLSN() &^ (mib - 1)
	if _, err := l.Recycle(keep, nil); err != nil {
		t.Fatal(err)
	}
	tasks.run()
	if got := l.Oldest(); got != keep {
		t.Errorf("the oldest segment begins at %s, those before %s were given up", got, keep)
	}
	if _, err := l.ReadAt(make([]byte, 100), keep-mib, 1); !errors.Is(err, segment.ErrRemoved) {
		t.Errorf("reading what was given up: %v, want %v", err, segment.ErrRemoved)
	}
}
