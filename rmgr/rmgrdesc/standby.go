package rmgrdesc

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr/field"
	"github.com/redoubt-wal/redoubt/wal"
)

// standby is standby_desc.
func (p Printer) standby(w io.Writer, rec *wal.Record) bool {
	f := &fields{Reader: field.Reader{B: rec.Main}, Printer: p, w: w}
	switch rec.Op() {
	case wal.StandbyLock:
		for range f.count(12) {
			fmt.Fprintf(w, "xid %d db %d rel %d ", f.U32(), f.U32(), f.U32())
		}
	case wal.StandbyRunningXacts:
		v, err := wal.DecodeRunningXacts(rec.Main)
		if err != nil {
			return false
		}
		f.running(v)
	case wal.StandbyInvalidations:
		db, ts, initFile := f.U32(), f.U32(), f.U8() != 0
		f.Bytes(3)
		f.invalidations(f.count(messageSize), db, ts, initFile)
	}
	return !f.Bad
}

func (f *fields) running(v wal.RunningXacts) {
	list := func(what string, xids []uint32) {
		if len(xids) == 0 {
			return
		}
		fmt.Fprintf(f.w, "; %d %s:", len(xids), what)
		for _, x := range xids {
			fmt.Fprintf(f.w, " %d", x)
		}
	}
	fmt.Fprintf(f.w, "nextXid %d latestCompletedXid %d oldestRunningXid %d", v.NextXid, v.LatestCompleted, v.OldestRunning)
	list("xacts", v.Xids)
	if f.Magic < wal.PageMagic16 {
		if v.SubxidOverflow {
			fmt.Fprint(f.w, "; subxid ovf")
		}
		return
	}
	if v.SubxidOverflow {
		fmt.Fprint(f.w, "; subxid overflowed")
	}
	list("subxacts", v.Subxids)
}

const messageSize = 16

// Kinds of invalidation messages. On disk: never renumber (storage/sinval.h).
const (
	messageCatalog  = -1
	messageRelcache = -2
	messageSmgr     = -3
	messageRelmap   = -4
	messageSnapshot = -5
)

// invalidations is standby_desc_invalidations: messages of 16 bytes, i8 kind │ 4 u32 │ 8 u32.
func (f *fields) invalidations(n int, db, ts uint32, initFile bool) {
	if n <= 0 {
		return
	}
	if initFile {
		fmt.Fprintf(f.w, "; relcache init file inval dbid %d tsid %d", db, ts)
	}
	fmt.Fprint(f.w, "; inval msgs:")
	for range n {
		kind := int8(f.U8())
		f.Bytes(3)
		first, second := f.U32(), f.U32()
		f.Bytes(4)
		switch {
		case kind >= 0:
			fmt.Fprintf(f.w, " catcache %d", kind)
		case kind == messageCatalog:
			fmt.Fprintf(f.w, " catalog %d", second)
		case kind == messageRelcache:
			fmt.Fprintf(f.w, " relcache %d", second)
		case kind == messageSmgr:
			fmt.Fprint(f.w, " smgr")
		case kind == messageRelmap:
			fmt.Fprintf(f.w, " relmap db %d", first)
		case kind == messageSnapshot:
			fmt.Fprintf(f.w, " snapshot %d", second)
		default:
			fmt.Fprintf(f.w, " unrecognized id %d", kind)
		}
	}
}
