package segment_test

import (
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// atOnce lets a log end its segments whenever it wants to.
func atOnce(insert func()) { insert() }

// commitOne makes one record durable and returns where it ends.
func commitOne(t *testing.T, l *segment.Log, n, size int) wal.LSN {
	t.Helper()
	var b wal.Builder
	_, end, err := l.Insert(message(&b, n, size), 0)
	if err == nil {
		err = l.Flush(end)
	}
	if err != nil {
		t.Fatal(err)
	}
	return end
}

// A segment is durable before the first page of the next is written, so that a group over its edge costs
// two syncs.
func TestNoCommitWaitsForTwoSyncsAtAnEdge(t *testing.T) {
	for _, size := range []int{10, 100, 3000, 10_000} {
		mem := vfs.NewMem()
		l := opened(t, segment.Options{FS: mem, MaySwitch: atOnce})
		n := 0
		for ; l.InsertLSN() < 4*mib; n++ {
			before := l.Syncs()
			end := commitOne(t, l, n, size)
			if got := l.Syncs() - before; got != 1 {
				t.Errorf("the commit of a record of %d bytes that ends at %s waits for %d syncs, want 1", size, end, got)
			}
		}
		if got, end := read(t, mem.PowerCut(0), mib, 1); len(got) != n || end.LSN != l.InsertLSN() {
			t.Errorf("after a power cut %d records up to %s are there, want %d up to %s", len(got), end.LSN, n, l.InsertLSN())
		}
	}
}

func TestWhenALeaderLeavesItsSegmentOpen(t *testing.T) {
	if l := opened(t, segment.Options{FS: vfs.NewMem(), MaySwitch: atOnce}); nearlyFull(t, l, 3000) == l.InsertLSN() || l.InsertLSN() != 2*mib {
		t.Fatalf("one that is to end it goes on at %s", l.InsertLSN())
	}
	full := vfs.NewFault(vfs.NewMem())
	full.Add(&vfs.Rule{Op: vfs.OpCreate, Path: "xlogtemp.*", After: 1, Err: syscall.ENOSPC})
	for why, c := range map[string]struct {
		o    segment.Options
		size int
	}{
		"it has not been allowed to":                 {segment.Options{FS: vfs.NewMem()}, 3000},
		"no record may be inserted now":              {segment.Options{FS: vfs.NewMem(), MaySwitch: func(func()) {}}, 3000},
		"groups are large, and much would be wasted": {segment.Options{FS: vfs.NewMem(), MaySwitch: atOnce}, 20_000},
		"there is no segment behind it":              {segment.Options{FS: full, MaySwitch: atOnce}, 3000},
	} {
		t.Run(why, func(t *testing.T) {
			l := opened(t, c.o)
			end := nearlyFull(t, l, c.size)
			if l.InsertLSN() != end {
				t.Errorf("the log goes on at %s after a record that ends at %s", l.InsertLSN(), end)
			}
		})
	}
}

// nearlyFull commits records until the first segment has no room for another, and returns where the last ends.
func nearlyFull(t *testing.T, l *segment.Log, size int) (end wal.LSN) {
	t.Helper()
	for n := 0; int(end)+size+100 < 2*mib; n++ {
		end = commitOne(t, l, n, size)
	}
	return end
}

// Its log is its upstream's, byte by byte.
func TestAStandbyDoesNotEndSegments(t *testing.T) {
	src := opened(t, segment.Options{FS: vfs.NewMem()})
	end := nearlyFull(t, src, 3000)
	dst := open(t, segment.Options{FS: vfs.NewMem(), MaySwitch: atOnce})
	if err := dst.StartReceive(mib, 1); err != nil {
		t.Fatal(err)
	}
	for at := wal.LSN(mib); at < end; {
		next := min(at+2500, end)
		ship(t, src, dst, at, next, 2500)
		if got, err := dst.FlushReceived(); got != next || err != nil {
			t.Fatalf("flushed %s, %v, want %s", got, err, next)
		}
		at = next
	}
}
