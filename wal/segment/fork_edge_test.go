package segment_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// The first record of a timeline begins on a page that says its parent and ends on one that says its own.
// Who looks for it reads it twice.
func TestTheFirstRecordOfATimelineIsFoundOverAPagesEdge(t *testing.T) {
	mem := vfs.NewMem()
	l := opened(t, segment.Options{FS: mem})
	var b wal.Builder
	_, at, _ := l.Insert(message(&b, 0, 100), 0)
	room := int(wal.PageStart(at) + wal.PageSize - at)
	size := room - 200
	for room-wal.Align8(message(&b, 1, size).Len()) > 32 {
		size++
	}
	_, end, err := l.Insert(message(&b, 1, size), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Flush(end); err != nil {
		t.Fatal(err)
	}
	promote(t, l, end, l.LastRecord(), 2)
	fork, end, _ := l.Insert(message(&b, 2, 100), 0)
	if err := l.Flush(end); err != nil {
		t.Fatal(err)
	}
	if wal.PageStart(fork) == wal.PageStart(end) {
		t.Fatalf("the record from %s to %s crosses no page", fork, end)
	}
	src := l.NewSource(wal.NewHistory(1).Fork(2, fork, ""))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib})
	found, err := r.FindFirst(fork)
	if err != nil || found != fork {
		t.Fatalf("found %s, %v, want %s", found, err, fork)
	}
	if rec, err := r.Next(); err != nil || rec.LSN != fork || r.Timeline() != 2 {
		t.Errorf("read %+v on timeline %d, %v", rec, r.Timeline(), err)
	}
}
