package segment_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

const (
	mib    = 1 << 20
	system = 7710516732398617829
)

// open opens a log of 1 MiB segments in pg_wal.
func open(t testing.TB, o segment.Options) *segment.Log {
	t.Helper()
	if o.Dir == "" {
		o.Dir = "pg_wal"
	}
	if o.SegmentSize == 0 {
		o.SegmentSize = mib
	}
	o.SystemID = system
	l, err := segment.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// opened is a log that is open for inserts at its very beginning.
func opened(t testing.TB, o segment.Options) *segment.Log {
	t.Helper()
	l := open(t, o)
	if err := l.StartInsert(wal.LSN(l.SegmentSize()), 0, 1); err != nil {
		t.Fatal(err)
	}
	return l
}

// message makes a record of the given length of payload that says which it is.
func message(b *wal.Builder, n, size int) *wal.Builder {
	payload := bytes.Repeat([]byte{byte('a' + n%26)}, size)
	b.Begin(wal.RmgrLogicalMessage, wal.LogicalMessageOp)
	b.AddMain(wal.LogicalMessage{Prefix: fmt.Sprint(n), Payload: payload}.Append(nil))
	if err := b.Finish(); err != nil {
		panic(err)
	}
	return b
}

// read returns the prefixes of all messages from start on, and where the log ends.
func read(t testing.TB, fsys vfs.FS, start wal.LSN, tli wal.TimelineID) (got []string, end segment.End) {
	t.Helper()
	src := segment.NewSource(fsys, "pg_wal", mib, wal.NewHistory(tli))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib, SystemID: system})
	end, err := segment.EndOfLog(r, start, func(rec *wal.Record) error {
		if rec.Rmgr == wal.RmgrLogicalMessage {
			m, err := wal.DecodeLogicalMessage(rec.Main)
			if err != nil {
				return err
			}
			got = append(got, m.Prefix)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, end
}

func TestInsertedRecordsAreReadBack(t *testing.T) {
	for _, size := range []int{0, 1, 100, 8000, 8192, 100_000, 3 * mib} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			mem := vfs.NewMem()
			l := opened(t, segment.Options{FS: mem, BufferSize: 64 << 10})
			var b wal.Builder
			var last, end wal.LSN
			n := min(2000, 4*mib/(size+100)+2)
			for i := range n {
				start, e, err := l.Insert(message(&b, i, size), 0)
				if err != nil {
					t.Fatal(err)
				}
				if start != wal.RecordStart(max(end, mib), mib) {
					t.Fatalf("record %d starts at %s after %s", i, start, end)
				}
				last, end = start, e
			}
			if err := l.Flush(end); err != nil {
				t.Fatal(err)
			}
			got, found := read(t, mem, mib, 1)
			if len(got) != n || found.LSN != end || found.Last != last {
				t.Errorf("read %d of %d records, end %s (want %s), last %s (want %s): %v", len(got), n, found.LSN, end, found.Last, last, found.Cause)
			}
		})
	}
}

func TestSegmentSwitch(t *testing.T) {
	mem := vfs.NewMem()
	l := opened(t, segment.Options{FS: mem, BufferSize: 64 << 10})
	var b wal.Builder
	l.Insert(message(&b, 1, 10), 0)
	end, err := l.SwitchSegment()
	if err != nil || end != mib+40+64+24 {
		t.Errorf("switch ends at %s, %v", end, err)
	}
	if l.FlushedLSN() != 2*mib || l.NextStart() != 2*mib+40 {
		t.Errorf("log goes on at %s, flushed %s", l.NextStart(), l.FlushedLSN())
	}
	if again, err := l.SwitchSegment(); again != 2*mib || err != nil {
		t.Errorf("switch at a segment's start writes up to %s, %v", again, err)
	}
	_, e, _ := l.Insert(message(&b, 2, 10), 0)
	if err := l.Flush(e); err != nil {
		t.Fatal(err)
	}
	if got, found := read(t, mem, mib, 1); len(got) != 2 || found.LSN != e {
		t.Errorf("read %v up to %s, want 2 records up to %s: %v", got, found.LSN, e, found.Cause)
	}
}

func TestRedoPointerGuardsInserts(t *testing.T) {
	l := opened(t, segment.Options{FS: vfs.NewMem()})
	var b wal.Builder
	first, err := l.BeginCheckpoint(message(&b, 0, 0))
	if err != nil || first != mib+40 || l.RedoPointer() != first {
		t.Fatalf("checkpoint begins at %s, %v", first, err)
	}
	if _, _, err := l.Insert(message(&b, 1, 0), first); err != nil {
		t.Errorf("insert with the redo pointer in force: %v", err)
	}
	second, _ := l.BeginCheckpoint(message(&b, 2, 0))
	if _, _, err := l.Insert(message(&b, 3, 0), first); !errors.Is(err, segment.ErrRedoMoved) {
		t.Errorf("insert decided by an old redo pointer: %v, want ErrRedoMoved", err)
	}
	if _, _, err := l.Insert(message(&b, 3, 0), second); err != nil {
		t.Error(err)
	}
}

func TestInsertsDoNotAllocate(t *testing.T) {
	l := opened(t, segment.Options{FS: vfs.NewMem()})
	var b wal.Builder
	payload := make([]byte, 700)
	insert := func() {
		b.Begin(wal.RmgrExperimental, 0)
		b.AddMain(payload)
		if err := b.Finish(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := l.Insert(&b, 0); err != nil {
			t.Fatal(err)
		}
	}
	insert()
	if n := testing.AllocsPerRun(1000, insert); n != 0 {
		t.Errorf("%v allocations for each record", n)
	}
}
