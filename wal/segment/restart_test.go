package segment_test

import (
	"os"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// reopen starts a log on disk where it ends, as recovery does.
func reopen(t *testing.T, disk vfs.FS) (*segment.Log, segment.End) {
	t.Helper()
	_, end := read(t, disk, mib, 1)
	l := open(t, segment.Options{FS: disk})
	if err := l.StartInsert(end.LSN, end.Last, 1); err != nil {
		t.Fatal(err)
	}
	return l, end
}

// TestWhatRecoveryReadIsDurable: after a kill, what was written but not synced is still read, from the
// operating system's memory; a power cut then must not take it away.
func TestWhatRecoveryReadIsDurable(t *testing.T) {
	mem := vfs.NewMem()
	l := opened(t, segment.Options{FS: mem, BufferSize: 16 << 10})
	var b wal.Builder
	for i := range 10 {
		l.Insert(message(&b, i, 9000), 0) // the buffer overflows, nothing is flushed
	}
	_, end := reopen(t, mem)
	if end.LSN <= mib {
		t.Fatal("nothing was written")
	}
	if _, again := read(t, mem.PowerCut(0), mib, 1); again.LSN != end.LSN {
		t.Errorf("recovery read up to %s, the power cut left %s", end.LSN, again.LSN)
	}
}

// TestALostRecordNeverComesBack: a page was lost in a crash, the one behind it was not. If the same
// record is inserted again in the lost one's place, the old one behind it fits exactly; it was never
// acknowledged and must not be read. The records fill a page each, so that no new page hides the old.
func TestALostRecordNeverComesBack(t *testing.T) {
	mem := vfs.NewMem()
	l := opened(t, segment.Options{FS: mem})
	var b wal.Builder
	var starts []wal.LSN
	const fills = wal.PageSize - wal.ShortPageHeaderSize - wal.RecordHeaderSize - 5 - 26
	for i := range 5 {
		size := fills
		if i == 0 {
			size -= wal.LongPageHeaderSize - wal.ShortPageHeaderSize
		}
		start, _, _ := l.Insert(message(&b, i, size), 0)
		starts = append(starts, start)
	}
	if err := l.Flush(l.InsertLSN()); err != nil {
		t.Fatal(err)
	}
	f, err := mem.OpenFile("pg_wal/"+wal.SegmentName(1, mib, mib), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteAt(make([]byte, 16), int64(starts[2]-mib)) // record 2's header is gone, 3 and 4 are there
	l, end := reopen(t, mem)
	if end.LSN != wal.PageStart(starts[2]) || end.Last != starts[1] {
		t.Fatalf("log ends at %s, want it before %s", end.LSN, starts[2])
	}
	start, again, err := l.Insert(message(&b, 2, fills), 0)
	if err != nil || start != starts[2] {
		t.Fatalf("inserted at %s, %v, want %s", start, err, starts[2])
	}
	if err := l.Flush(again); err != nil {
		t.Fatal(err)
	}
	if got, found := read(t, mem.PowerCut(0), mib, 1); len(got) != 3 || found.LSN != again {
		t.Errorf("read %v up to %s, want 3 records up to %s", got, found.LSN, again)
	}
}
