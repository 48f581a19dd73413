package engine_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestARecordLostHalfWayIsOverwrittenNotReused cuts the log in the middle of a record whose beginning
// a standby has received. The primary goes on behind it, and the standby can follow.
func TestARecordLostHalfWayIsOverwrittenNotReused(t *testing.T) {
	for name, kept := range map[string]wal.LSN{
		"its last page is missing":               0,
		"its last page is there but for the end": vfs.SectorSize,
	} {
		t.Run(name, func(t *testing.T) {
			m := vfs.NewMem()
			p, o := newStore(t, m, keepLog)
			s, _ := standbyOf(t, p, kv.Module)
			p.put("a", "1")
			start, page := putAcrossPages(t, p, vfs.SectorSize)
			// The standby has the record's first page; the primary crashes without the second.
			shipUpTo(t, p, s, page)
			caughtUp(t, s.Engine, start)
			p.Abort()
			cutLog(t, m, page+kept)

			p = storeOf(t, primary(t, o), o)
			defer p.Abort()
			p.put("b", "2")
			if got := overwritten(t, m, page); got != start {
				t.Errorf("the record at %s says that %s was lost, want %s", page, got, start)
			}
			follow(t, p.Engine, s.Engine)
			if got := s.get("b"); got != "2" {
				t.Errorf("on the standby b is %v", got)
			}
			s.Abort()
		})
	}
}

// As in PostgreSQL, replay does not go on behind a record that was given up if the log names another one than
// was passed over.
func TestAnotherRecordThanTheOneThatWasLostIsNotPassedOver(t *testing.T) {
	for name, wrong := range map[string]wal.LSN{"the one that was": 0, "another": 8} {
		m := vfs.NewMem()
		p, o := newStore(t, m, keepLog)
		start, page := putAcrossPages(t, p, 0)
		p.Abort()
		cutLog(t, m, page)
		overwrite(t, m, p.ControlFile().CheckPointCopy.Redo, start+wrong)

		e := open(t, o)
		defer e.Abort()
		pause := e.ReplayPause()
		if wrong == 0 && pause != nil {
			t.Errorf("%s: replay is paused: %+v", name, pause)
		}
		if wrong != 0 && (pause == nil || !strings.Contains(pause.Detail, fmt.Sprintf("mismatching overwritten lsn %s -> %s", start+wrong, start))) {
			t.Errorf("%s: replay is paused: %+v; want it to say what does not match", name, pause)
		}
	}
}

// overwrite goes on behind the half-written record at the end of the log as if it had been the one at lost.
func overwrite(t *testing.T, m *vfs.Mem, redo, lost wal.LSN) {
	t.Helper()
	src := segment.NewSource(m, dir+"/pg_wal", 1<<20, wal.NewHistory(1))
	defer src.Close()
	end, err := segment.EndOfLog(wal.NewReader(src, wal.ReaderOptions{SegmentSize: 1 << 20}), redo, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := segment.Open(segment.Options{FS: m, Dir: dir + "/pg_wal", SegmentSize: 1 << 20, SystemID: 77})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.StartInsert(end.Resume, end.Last, 1); err != nil {
		t.Fatal(err)
	}
	at, err := l.OverwriteContRecord(lost, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Flush(at); err != nil {
		t.Fatal(err)
	}
}

// What is left of the record's beginning may be damaged as well: who has the whole record says how it was.
func TestALostRecordIsReceivedFromItsBeginning(t *testing.T) {
	m := vfs.NewMem()
	p, o := newStore(t, m, keepLog)
	s, _ := standbyOf(t, p, kv.Module)
	defer s.Abort()
	start, page := putAcrossPages(t, p, vfs.SectorSize)
	follow(t, p.Engine, s.Engine)
	p.Abort()
	harm(t, m, page-1)
	if err := m.Remove(dir + "/pg_wal/redoubt.durable"); err != nil {
		t.Fatal(err)
	}

	back := open(t, o)
	defer back.Abort()
	if at := back.Positions().Replay; at > start {
		t.Fatalf("it replayed up to %s, the record at %s was damaged: the test proves nothing", at, start)
	}
	if err := back.GiveUpLostRecord(); err != nil {
		t.Fatal(err)
	}
	ship(t, s.Engine, back, 5000)
	caughtUp(t, back, s.Positions().Flush)
	if at := back.Positions().Replay; at != s.Positions().Replay {
		t.Errorf("replayed up to %s, want %s", at, s.Positions().Replay)
	}
}

// harm flips a bit of the log.
func harm(t *testing.T, m *vfs.Mem, at wal.LSN) {
	t.Helper()
	f, err := m.OpenFile(dir+"/pg_wal/"+wal.SegmentName(1, at, 1<<20), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], int64(at%(1<<20))); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b[:], int64(at%(1<<20))); err != nil {
		t.Fatal(err)
	}
}

// putAcrossPages writes until a record ends more than over bytes into the page after the one that it
// begins on, and returns its start and that page.
func putAcrossPages(t *testing.T, p store, over wal.LSN) (start, page wal.LSN) {
	t.Helper()
	for i := range 1000 {
		before := p.Log().InsertLSN()
		p.put(key(i), strings.Repeat("x", 900))
		last := p.Log().LastRecord()
		if page := wal.PageStart(last) + wal.PageSize; last >= before && p.Log().InsertLSN() > page+over {
			return last, page
		}
	}
	t.Fatal("no record crossed a page")
	return 0, 0
}

func shipUpTo(t *testing.T, from, to store, lsn wal.LSN) {
	t.Helper()
	at := to.Log().InsertLSN()
	buf := make([]byte, lsn-at)
	if _, err := from.Log().ReadAt(buf, at, 1); err != nil {
		t.Fatal(err)
	}
	if err := to.Log().Receive(at, 1, buf); err != nil {
		t.Fatal(err)
	}
	if _, err := to.Log().FlushReceived(); err != nil {
		t.Fatal(err)
	}
}

// overwritten reads the OVERWRITE_CONTRECORD record on a page.
func overwritten(t *testing.T, m *vfs.Mem, page wal.LSN) wal.LSN {
	t.Helper()
	src := segment.NewSource(m, dir+"/pg_wal", 1<<20, wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: 1 << 20})
	r.Seek(page)
	rec, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	v, err := wal.DecodeOverwriteContRecord(rec.Main)
	if err != nil || rec.Rmgr != wal.RmgrXLOG || rec.Op() != wal.XLogOverwriteContRecord {
		t.Fatalf("record at %s is %d/%02X, %v", rec.LSN, rec.Rmgr, rec.Op(), err)
	}
	return v.Overwritten
}
