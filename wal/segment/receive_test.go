package segment_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// primary is a log with n records, flushed.
func primary(t *testing.T, n, size int) (*segment.Log, *vfs.Mem) {
	t.Helper()
	mem := vfs.NewMem()
	l := opened(t, segment.Options{FS: mem, BufferSize: 64 << 10})
	var b wal.Builder
	for i := range n {
		if _, _, err := l.Insert(message(&b, i, size), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(l.InsertLSN()); err != nil {
		t.Fatal(err)
	}
	return l, mem
}

// ship sends the log from from to to in pieces of step bytes.
func ship(t *testing.T, src, dst *segment.Log, from, to wal.LSN, step int) {
	t.Helper()
	buf := make([]byte, step)
	for at := from; at < to; {
		n, err := src.ReadAt(buf[:min(step, int(to-at))], at, 1)
		if err == nil {
			err = dst.Receive(at, 1, buf[:n])
		}
		if err != nil {
			t.Fatal(err)
		}
		at += wal.LSN(n)
	}
}

func TestAStandbyHoldsTheSameBytes(t *testing.T) {
	src, srcMem := primary(t, 3000, 1000)
	end := src.FlushedLSN()
	mem := vfs.NewMem()
	dst := open(t, segment.Options{FS: mem})
	if err := dst.StartReceive(mib, 1); err != nil {
		t.Fatal(err)
	}
	ship(t, src, dst, mib, end, 99_999)
	if dst.FlushedLSN() != mib {
		t.Errorf("flushed %s before any flush", dst.FlushedLSN())
	}
	if got, err := dst.FlushReceived(); got != end || err != nil {
		t.Errorf("flushed %s, %v, want %s", got, err, end)
	}
	disk := mem.PowerCut(0)
	for at := wal.LSN(mib); at < end; at += mib {
		name := "pg_wal/" + wal.SegmentName(1, at, mib)
		a, _ := vfs.ReadFile(srcMem, name)
		b, err := vfs.ReadFile(disk, name)
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs on the standby: %v", name, err)
		}
	}
	if got, _ := read(t, disk, mib, 1); len(got) != 3000 {
		t.Errorf("%d records after a power cut, want 3000", len(got))
	}
}

func TestReceiveDropsWhatIsThereAndRefusesGaps(t *testing.T) {
	src, _ := primary(t, 1000, 1000)
	end := src.FlushedLSN()
	dst := open(t, segment.Options{FS: vfs.NewMem()})
	dst.StartReceive(mib, 1)
	ship(t, src, dst, mib, end-1000, 4096)
	if err := dst.StartReceive(end-1000, 1); err != nil { // the stream broke; it begins anew at the segment's start
		t.Fatal(err)
	}
	ship(t, src, dst, mib, end, 10_000)
	if dst.InsertLSN() != end {
		t.Errorf("received up to %s, want %s", dst.InsertLSN(), end)
	}
	if err := dst.Receive(end+8, 1, []byte("x")); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a gap: %v", err)
	}
	if err := dst.Receive(end, 2, []byte("x")); err == nil || !strings.Contains(err.Error(), "timeline 2") {
		t.Errorf("another timeline: %v", err)
	}
	var b wal.Builder
	if _, _, err := dst.Insert(message(&b, 1, 1), 0); !errors.Is(err, segment.ErrNotOpen) {
		t.Errorf("insert on a standby: %v, want ErrNotOpen", err)
	}
}

// promote makes a standby's log a primary's on timeline tli.
func promote(t *testing.T, l *segment.Log, end, last wal.LSN, tli wal.TimelineID) {
	t.Helper()
	if err := l.WriteHistory(tli, wal.AppendHistory(nil, 1, end, "no recovery target specified")); err != nil {
		t.Fatal(err)
	}
	if err := l.StartInsert(end, last, tli); err != nil {
		t.Fatal(err)
	}
}

func TestAPromotedLogGoesOnOnItsTimeline(t *testing.T) {
	for name, size := range map[string]int{"within a page": 500, "within a large record's segment": 600_000} {
		t.Run(name, func(t *testing.T) {
			src, _ := primary(t, 7, size)
			end, last := src.FlushedLSN(), src.LastRecord()
			mem := vfs.NewMem()
			dst := open(t, segment.Options{FS: mem})
			dst.StartReceive(mib, 1)
			ship(t, src, dst, mib, end, 100_000)
			dst.FlushReceived()
			promote(t, dst, end, last, 2)

			var b wal.Builder
			b.Begin(wal.RmgrXLOG, wal.XLogEndOfRecovery)
			b.AddMain(wal.EndOfRecovery{Timeline: 2, PrevTimeline: 1}.Append(nil))
			b.Finish()
			start, _, err := dst.Insert(&b, 0)
			if err != nil || start != wal.RecordStart(end, mib) {
				t.Fatalf("END_OF_RECOVERY at %s, %v", start, err)
			}
			dst.Insert(message(&b, 100, 2*mib), 0)
			if err := dst.Flush(dst.InsertLSN()); err != nil {
				t.Fatal(err)
			}
			history, err := dst.ReadHistory(2)
			if err != nil {
				t.Fatal(err)
			}
			h, err := wal.ParseHistory(2, history)
			if err != nil {
				t.Fatal(err)
			}
			checkTimelines(t, mem.PowerCut(0), h, 8, dst.InsertLSN())
		})
	}
}

// The parent's segment is read as long as somebody is on its timeline, so what the new timeline's copy has is
// durable in it too. Here it was received, and nobody has flushed it.
func TestAForksParentIsDurableUpToTheFork(t *testing.T) {
	src, _ := primary(t, 5, 30_000)
	end := src.FlushedLSN()
	mem := vfs.NewMem()
	dst := open(t, segment.Options{FS: mem})
	if err := dst.StartReceive(mib, 1); err != nil {
		t.Fatal(err)
	}
	ship(t, src, dst, mib, end, 99_999)
	promote(t, dst, end, src.LastRecord(), 2)
	for _, variant := range tried() {
		if got, found := read(t, mem.PowerCut(variant), mib, 1); len(got) != 5 || found.LSN != end {
			t.Errorf("variant %d: on the parent's timeline a power cut leaves %d records up to %s, want 5 up to %s", variant, len(got), found.LSN, end)
		}
	}
}

func checkTimelines(t *testing.T, disk *vfs.Mem, h wal.History, want int, end wal.LSN) {
	t.Helper()
	src := segment.NewSource(disk, "pg_wal", mib, h)
	defer src.Close()
	n := 0
	found, err := segment.EndOfLog(wal.NewReader(src, wal.ReaderOptions{SegmentSize: mib}), mib, func(r *wal.Record) error {
		if r.Rmgr == wal.RmgrLogicalMessage {
			n++
		}
		return nil
	})
	if err != nil || n != want || found.LSN != end || found.Timeline != 2 {
		t.Errorf("%d records up to %s on timeline %d, want %d up to %s on 2: %v %v", n, found.LSN, found.Timeline, want, end, found.Cause, err)
	}
}

func TestATimelineIsNeverGivenOutTwice(t *testing.T) {
	mem := vfs.NewMem()
	l := open(t, segment.Options{FS: mem})
	if _, err := l.ReadHistory(2); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no history yet: %v", err)
	}
	for _, tt := range []struct {
		contents string
		ok       bool
	}{{"1\t0/3000000\ta\n", true}, {"1\t0/3000000\ta\n", true}, {"1\t0/4000000\tb\n", false}} {
		if err := l.WriteHistory(2, []byte(tt.contents)); (err == nil) != tt.ok {
			t.Errorf("write %q: %v", tt.contents, err)
		}
	}
	if got, err := vfs.ReadFile(mem.PowerCut(0), "pg_wal/00000002.history"); string(got) != "1\t0/3000000\ta\n" {
		t.Errorf("after a power cut: %q, %v", got, err)
	}
}

// The process was killed between the file's rename and the directory's sync, and does the same again:
// pg_control is about to say that the timeline is there.
func TestAHistoryThatIsThereIsDurableToo(t *testing.T) {
	mem := vfs.NewMem()
	open(t, segment.Options{FS: mem}).Close()
	const contents = "1\t0/3000000\ta\n"
	f, err := mem.OpenFile("pg_wal/00000002.history", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteAt([]byte(contents), 0)
	f.Sync()
	f.Close()
	if err := open(t, segment.Options{FS: mem}).WriteHistory(2, []byte(contents)); err != nil {
		t.Fatal(err)
	}
	if got, err := vfs.ReadFile(mem.PowerCut(0), "pg_wal/00000002.history"); string(got) != contents {
		t.Errorf("after a power cut: %q, %v", got, err)
	}
}
