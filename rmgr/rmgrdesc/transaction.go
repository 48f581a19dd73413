package rmgrdesc

import (
	"bytes"
	"fmt"
	"io"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/field"
	"github.com/redoubt-wal/redoubt/wal"
)

// Bits of xinfo. On disk: never renumber (access/xact.h).
const (
	hasDatabase      uint32 = 1 << 0
	hasSubxacts      uint32 = 1 << 1
	hasRelations     uint32 = 1 << 2
	hasInvalidations uint32 = 1 << 3
	hasTwoPhase      uint32 = 1 << 4
	hasOrigin        uint32 = 1 << 5
	hasGID           uint32 = 1 << 7
	hasDroppedStats  uint32 = 1 << 8
	updatesInitFile  uint32 = 1 << 30
	forcesSyncCommit uint32 = 1 << 31
)

// transaction is xact_desc.
func (p Printer) transaction(w io.Writer, rec *wal.Record) bool {
	f := &fields{Reader: field.Reader{B: rec.Main}, Printer: p, w: w}
	switch rec.Info & wal.XactOpMask {
	case wal.XactCommit, wal.XactCommitPrepared:
		f.end(rec, true)
	case wal.XactAbort, wal.XactAbortPrepared:
		f.end(rec, false)
	case wal.XactPrepare:
		f.prepare(rec)
	case wal.XactAssignment:
		fmt.Fprintf(w, "xtop %d: subxacts:", f.U32())
		f.xids(f.count(4))
	case wal.XactInvalidations:
		f.invalidations(f.count(messageSize), 0, 0, false)
	}
	return !f.Bad
}

// fields prints what it reads.
type fields struct {
	field.Reader
	Printer
	w io.Writer
}

// count takes the length of a list of elements that have size bytes each.
func (f *fields) count(size int) int { return f.fits(int(int32(f.U32())), size) }

func (f *fields) fits(n, size int) int {
	if n < 0 || n > len(f.B)/size {
		f.Bad = true
		return 0
	}
	return n
}

// end is a commit's or an abort's payload, in PostgreSQL's order of parts.
func (f *fields) end(rec *wal.Record, commit bool) {
	at, xinfo := int64(f.U64()), uint32(0)
	if rec.Info&wal.XactHasInfo != 0 {
		xinfo = f.U32()
	}
	has := func(bit uint32) bool { return xinfo&bit != 0 }
	var db, ts uint32
	if has(hasDatabase) {
		db, ts = f.U32(), f.U32()
	}
	// Two-phase numbers stand behind the lists but are printed first: look ahead.
	lists := *f
	lists.w = io.Discard
	lists.parts(has, commit, db, ts, xinfo)
	if has(hasTwoPhase) {
		if xid := lists.U32(); xid != 0 {
			fmt.Fprintf(f.w, "%d: ", xid)
		}
	}
	fmt.Fprint(f.w, f.time(at))
	f.parts(has, commit, db, ts, xinfo)
	if commit && has(forcesSyncCommit) {
		fmt.Fprint(f.w, "; sync")
	}
	if has(hasTwoPhase) {
		f.U32()
		if has(hasGID) {
			f.Bytes(bytes.IndexByte(f.B, 0) + 1)
		}
	}
	if has(hasOrigin) {
		f.origin(rec.Origin, wal.LSN(f.U64()), int64(f.U64()))
	}
}

func (f *fields) parts(has func(uint32) bool, commit bool, db, ts, xinfo uint32) {
	// The lists are stored as subxacts, relations, statistics, but printed with relations first.
	subxacts, n := f.Reader, 0
	if has(hasSubxacts) {
		n = f.count(4)
		subxacts = f.Reader
		f.Bytes(4 * n)
	}
	if has(hasRelations) {
		f.relations("rels", f.count(relationSize))
	}
	after := f.Reader
	if has(hasSubxacts) {
		fmt.Fprint(f.w, "; subxacts:")
		f.Reader = subxacts
		f.xids(n)
		after.Bad = after.Bad || f.Bad
		f.Reader = after
	}
	if has(hasDroppedStats) {
		f.droppedStats("", f.count(f.statSize()))
	}
	if has(hasInvalidations) && commit {
		f.invalidations(f.count(messageSize), db, ts, has(updatesInitFile))
	}
}

func (f *fields) xids(n int) {
	for range n {
		fmt.Fprintf(f.w, " %d", f.U32())
	}
}

const relationSize = 12

func (f *fields) relations(label string, n int) {
	if n == 0 {
		return
	}
	fmt.Fprintf(f.w, "; %s:", label)
	for range n {
		fmt.Fprint(f.w, " ", f.path(wal.RelFileLocator{Spc: f.U32(), DB: f.U32(), Rel: f.U32()}))
	}
}

// statSize is the size of a dropped statistics item: 18 widened its object number.
func (f *fields) statSize() int {
	if f.Magic >= wal.PageMagic18 {
		return 16
	}
	return 12
}

func (f *fields) droppedStats(label string, n int) {
	if n == 0 {
		return
	}
	fmt.Fprintf(f.w, "; %sdropped stats:", label)
	for range n {
		kind, db, object := int32(f.U32()), f.U32(), uint64(f.U32())
		if f.Magic >= wal.PageMagic18 {
			object |= uint64(f.U32()) << 32
		}
		fmt.Fprintf(f.w, " %d/%d/%d", kind, db, object)
	}
}

func (f *fields) origin(node uint16, lsn wal.LSN, at int64) {
	fmt.Fprintf(f.w, "; origin: node %d, lsn %s, at %s", node, lsn, f.time(at))
}

// prepare is an xl_xact_prepare, each part of which begins at a multiple of 8 bytes:
//
//	0 magic u32 │ 4 length u32 │ 8 xid u32 │ 12 database u32 │ 16 time i64 │ 24 owner u32
//	28 subxacts │ 32 relations of a commit │ 36 of an abort │ 40 stats of a commit │ 44 of an abort │ 48 messages: i32 each
//	52 init file u8 │ 54 gid length u16 │ 56 origin LSN u64 │ 64 origin time i64
//	72 gid │ subxacts │ relations … │ stats … │ messages
func (f *fields) prepare(rec *wal.Record) {
	f.Bytes(12)
	db, at := f.U32(), int64(f.U64())
	f.U32()
	var n [6]int
	for i := range n {
		n[i] = int(int32(f.U32()))
	}
	initFile := f.U8() != 0
	f.U8()
	gid := int(f.U16())
	lsn, originTime := wal.LSN(f.U64()), int64(f.U64())

	name, _, _ := bytes.Cut(f.aligned(gid), []byte{0})
	fmt.Fprintf(f.w, "gid %s: %s", rmgr.Printable(string(name)), f.time(at))
	subxacts := field.Reader{B: f.aligned(4 * f.fits(n[0], 4))}
	part := func(n, size int, print func(*fields, int)) {
		p := *f
		p.B = f.aligned(size * f.fits(n, size))
		if !f.Bad {
			print(&p, n)
		}
	}
	part(n[1], relationSize, func(p *fields, n int) { p.relations("rels(commit)", n) })
	part(n[2], relationSize, func(p *fields, n int) { p.relations("rels(abort)", n) })
	part(n[3], f.statSize(), func(p *fields, n int) { p.droppedStats("commit ", n) })
	part(n[4], f.statSize(), func(p *fields, n int) { p.droppedStats("abort ", n) })
	if n[0] > 0 && !f.Bad {
		fmt.Fprint(f.w, "; subxacts:")
		p := *f
		p.Reader = subxacts
		p.xids(n[0])
	}
	part(n[5], messageSize, func(p *fields, n int) { p.invalidations(n, db, 0, initFile) })
	if rec.Origin != 0 {
		f.origin(rec.Origin, lsn, originTime)
	}
}

// aligned takes n bytes and the padding behind them, which the last part may lack.
func (f *fields) aligned(n int) []byte {
	b := f.Bytes(n)
	f.Bytes(min(wal.Align8(n)-n, len(f.B)))
	return b
}
