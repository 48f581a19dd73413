package rmgrdesc

import (
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/wal"
)

// standby is standby_desc.
func (p Printer) standby(w io.Writer, rec *wal.Record) bool {
	f := newFields(rec.Main)
	switch rec.Op() {
	case wal.StandbyLock:
		for e := f.list(lockSize).fields(); e.next(); {
			fmt.Fprintf(w, "xid %d db %d rel %d ", e.U32(), e.U32(), e.U32())
		}
	case wal.StandbyRunningXacts:
		v, err := wal.DecodeRunningXacts(rec.Main)
		if err != nil {
			return false
		}
		p.running(w, v)
	case wal.StandbyInvalidations:
		where := invalidated{database: f.U32(), tablespace: f.U32(), initFile: f.U8() != 0}
		f.Bytes(3)
		invalidations(w, f.list(messageSize), where)
	}
	return !f.Bad
}

func (p Printer) running(w io.Writer, v wal.RunningXacts) {
	list := func(what string, xids []uint32) {
		if len(xids) == 0 {
			return
		}
		fmt.Fprintf(w, "; %d %s:", len(xids), what)
		for _, x := range xids {
			fmt.Fprintf(w, " %d", x)
		}
	}
	fmt.Fprintf(w, "nextXid %d latestCompletedXid %d oldestRunningXid %d", v.NextXid, v.LatestCompleted, v.OldestRunning)
	list("xacts", v.Xids)
	switch {
	case v.SubxidOverflow && p.Magic < wal.PageMagic16:
		io.WriteString(w, "; subxid ovf")
	case v.SubxidOverflow:
		io.WriteString(w, "; subxid overflowed")
	}
	if p.Magic >= wal.PageMagic16 {
		list("subxacts", v.Subxids)
	}
}

// Kinds of invalidation messages; from 0 on they number catalogue caches. On disk: never renumber
// (storage/sinval.h).
const (
	messageCatalog  = -1
	messageRelcache = -2
	messageSmgr     = -3
	messageRelmap   = -4
	messageSnapshot = -5
)

// invalidated says where caches become invalid.
type invalidated struct {
	database, tablespace uint32
	initFile             bool
}

// invalidations is standby_desc_invalidations. A message is i8 kind, 3 undefined │ u32 │ u32 │ 4 more.
func invalidations(w io.Writer, l list, where invalidated) {
	if l.n == 0 {
		return
	}
	if where.initFile {
		fmt.Fprintf(w, "; relcache init file inval dbid %d tsid %d", where.database, where.tablespace)
	}
	io.WriteString(w, "; inval msgs:")
	for e := l.fields(); e.next(); {
		kind := int8(e.U8())
		e.Bytes(3)
		database, object := e.U32(), e.U32()
		switch {
		case kind >= 0:
			fmt.Fprintf(w, " catcache %d", kind)
		case kind == messageCatalog:
			fmt.Fprintf(w, " catalog %d", object)
		case kind == messageRelcache:
			fmt.Fprintf(w, " relcache %d", object)
		case kind == messageSmgr:
			io.WriteString(w, " smgr")
		case kind == messageRelmap:
			fmt.Fprintf(w, " relmap db %d", database)
		case kind == messageSnapshot:
			fmt.Fprintf(w, " snapshot %d", object)
		default:
			fmt.Fprintf(w, " unrecognized id %d", kind)
		}
	}
}
