package rmgrdesc

import (
	"bytes"
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Bits of xinfo. On disk: never renumber (access/xact.h).
const (
	hasDatabase      uint32 = 1 << 0
	hasSubxacts      uint32 = 1 << 1
	hasRelations     uint32 = 1 << 2
	hasMessages      uint32 = 1 << 3
	hasTwoPhase      uint32 = 1 << 4
	hasOrigin        uint32 = 1 << 5
	hasGID           uint32 = 1 << 7
	hasDroppedStats  uint32 = 1 << 8
	updatesInitFile  uint32 = 1 << 30
	forcesSyncCommit uint32 = 1 << 31
)

// transaction is xact_desc.
func (p Printer) transaction(w io.Writer, rec *wal.Record) bool {
	f := newFields(rec.Main)
	switch rec.Info & wal.XactOpMask {
	case wal.XactCommit, wal.XactCommitPrepared:
		e := f.ending(rec, p.statSize())
		if !f.Bad {
			p.commit(w, e)
		}
	case wal.XactAbort, wal.XactAbortPrepared:
		e := f.ending(rec, p.statSize())
		if !f.Bad {
			p.abort(w, e)
		}
	case wal.XactPrepare:
		v := f.prepared(rec, p.statSize())
		if !f.Bad {
			p.prepare(w, v)
		}
	case wal.XactAssignment:
		top, subxacts := f.U32(), f.list(xidSize)
		if !f.Bad {
			fmt.Fprintf(w, "xtop %d: subxacts:", top)
			xids(w, subxacts)
		}
	case wal.XactInvalidations:
		messages := f.list(messageSize)
		if !f.Bad {
			invalidations(w, messages, invalidated{})
		}
	}
	return !f.Bad
}

// An origin is where a change was replicated from.
type origin struct {
	node uint16 // 0: here
	lsn  wal.LSN
	time int64
}

// An ending is the payload of a commit or an abort.
type ending struct {
	time                                 int64
	xinfo, prepared                      uint32
	where                                invalidated
	subxacts, relations, stats, messages list
	origin                               origin
}

func (f *fields) ending(rec *wal.Record, statSize int) ending {
	e := ending{time: int64(f.U64())}
	if rec.Info&wal.XactHasInfo != 0 {
		e.xinfo = f.U32()
	}
	has := func(bit uint32) bool { return e.xinfo&bit != 0 }
	if has(hasDatabase) {
		e.where.database, e.where.tablespace = f.U32(), f.U32()
	}
	e.where.initFile = has(updatesInitFile)
	for _, part := range []struct {
		bit  uint32
		size int
		list *list
	}{{hasSubxacts, xidSize, &e.subxacts}, {hasRelations, relationSize, &e.relations}, {hasDroppedStats, statSize, &e.stats}, {hasMessages, messageSize, &e.messages}} {
		if has(part.bit) {
			*part.list = f.list(part.size)
		}
	}
	if has(hasTwoPhase) {
		e.prepared = f.U32()
		if has(hasGID) {
			f.Bytes(bytes.IndexByte(f.B, 0) + 1)
		}
	}
	if has(hasOrigin) {
		e.origin = origin{node: rec.Origin, lsn: wal.LSN(f.U64()), time: int64(f.U64())}
	}
	return e
}

func (p Printer) commit(w io.Writer, e ending) {
	p.end(w, e)
	p.droppedStats(w, "", e.stats)
	invalidations(w, e.messages, e.where)
	if e.xinfo&forcesSyncCommit != 0 {
		io.WriteString(w, "; sync")
	}
	if e.xinfo&hasOrigin != 0 {
		p.origin(w, e.origin)
	}
}

func (p Printer) abort(w io.Writer, e ending) {
	p.end(w, e)
	if e.xinfo&hasOrigin != 0 {
		p.origin(w, e.origin)
	}
	p.droppedStats(w, "", e.stats)
}

// end prints what both have first.
func (p Printer) end(w io.Writer, e ending) {
	if e.prepared != 0 {
		fmt.Fprintf(w, "%d: ", e.prepared)
	}
	io.WriteString(w, p.time(e.time))
	p.relations(w, "rels", e.relations)
	subxacts(w, e.subxacts)
}

func (p Printer) origin(w io.Writer, o origin) {
	fmt.Fprintf(w, "; origin: node %d, lsn %s, at %s", o.node, o.lsn, p.time(o.time))
}

func subxacts(w io.Writer, l list) {
	if l.n > 0 {
		io.WriteString(w, "; subxacts:")
		xids(w, l)
	}
}

func xids(w io.Writer, l list) {
	for f := l.fields(); f.next(); {
		fmt.Fprintf(w, " %d", f.U32())
	}
}

func (p Printer) relations(w io.Writer, label string, l list) {
	if l.n > 0 {
		fmt.Fprintf(w, "; %s:", label)
	}
	for f := l.fields(); f.next(); {
		fmt.Fprint(w, " ", p.path(wal.RelFileLocator{Spc: f.U32(), DB: f.U32(), Rel: f.U32()}))
	}
}

// droppedStats is a list of i32 kind │ u32 database │ u32 object, which 18 widened to u64.
func (p Printer) droppedStats(w io.Writer, label string, l list) {
	if l.n > 0 {
		fmt.Fprintf(w, "; %sdropped stats:", label)
	}
	for f := l.fields(); f.next(); {
		kind, database, object := int32(f.U32()), f.U32(), uint64(f.U32())
		if p.Magic >= wal.PageMagic18 {
			object |= uint64(f.U32()) << 32
		}
		fmt.Fprintf(w, " %d/%d/%d", kind, database, object)
	}
}

func (p Printer) statSize() int {
	if p.Magic >= wal.PageMagic18 {
		return 16
	}
	return 12
}

// A preparation is the payload of a PREPARE (xl_xact_prepare), each part of which begins at a multiple
// of 8 bytes:
//
//	0 magic u32 │ 4 length u32 │ 8 xid u32 │ 12 database u32 │ 16 time i64 │ 24 owner u32
//	28 subxacts │ 32 relations of a commit │ 36 of an abort │ 40 stats of a commit │ 44 of an abort │ 48 messages: i32 each
//	52 init file u8 │ 54 gid length u16 │ 56 origin LSN u64 │ 64 origin time i64
//	72 gid │ subxacts │ relations … │ stats … │ messages
type preparation struct {
	gid                                                      string
	time                                                     int64
	where                                                    invalidated
	subxacts, commitRels, abortRels, commitStats, abortStats list
	messages                                                 list
	origin                                                   origin
}

func (f *fields) prepared(rec *wal.Record, statSize int) preparation {
	var v preparation
	f.Bytes(12)
	v.where.database, v.time = f.U32(), int64(f.U64())
	f.U32()
	var counts [6]int
	for i := range counts {
		counts[i] = int(int32(f.U32()))
	}
	v.where.initFile = f.U8() != 0
	f.U8()
	gidSize := int(f.U16())
	v.origin = origin{node: rec.Origin, lsn: wal.LSN(f.U64()), time: int64(f.U64())}
	gid, _, _ := bytes.Cut(f.aligned(gidSize), []byte{0})
	v.gid = string(gid)
	v.subxacts = f.alignedList(counts[0], xidSize)
	v.commitRels = f.alignedList(counts[1], relationSize)
	v.abortRels = f.alignedList(counts[2], relationSize)
	v.commitStats = f.alignedList(counts[3], statSize)
	v.abortStats = f.alignedList(counts[4], statSize)
	v.messages = f.alignedList(counts[5], messageSize)
	return v
}

func (p Printer) prepare(w io.Writer, v preparation) {
	fmt.Fprintf(w, "gid %s: %s", rmgr.Printable(v.gid), p.time(v.time))
	p.relations(w, "rels(commit)", v.commitRels)
	p.relations(w, "rels(abort)", v.abortRels)
	p.droppedStats(w, "commit ", v.commitStats)
	p.droppedStats(w, "abort ", v.abortStats)
	subxacts(w, v.subxacts)
	invalidations(w, v.messages, v.where)
	if v.origin.node != 0 {
		p.origin(w, v.origin)
	}
}
