package engine_test

import (
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
