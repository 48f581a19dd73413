package ledger

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/field"
	"github.com/redoubt-wal/redoubt/wal"
)

// Operations. On disk: never renumber.
const (
	opInit     uint8 = 0x00
	opOpen     uint8 = 0x10
	opTransfer uint8 = 0x20
	opSplit    uint8 = 0x30
	opDeepen   uint8 = 0x40
)

const format = 1

var relation = rmgr.Rel(ID, 0)

func identify(info uint8) string {
	switch info & 0xF0 {
	case opInit:
		return "INIT"
	case opOpen:
		return "OPEN"
	case opTransfer:
		return "TRANSFER"
	case opSplit:
		return "SPLIT"
	case opDeepen:
		return "DEEPEN"
	}
	return ""
}

func errMalformed(rec *wal.Record) error {
	return fmt.Errorf("ledger: malformed record: %s with %d bytes and %d blocks", identify(rec.Info), len(rec.Main), len(rec.Blocks))
}

// An opening is the main data of OPEN.
type opening struct {
	balance int64
	name    []byte
}

func (o opening) append(b []byte) []byte {
	b = append(b, format, byte(len(o.name)))
	b = le.AppendUint64(b, uint64(o.balance))
	return append(b, o.name...)
}

func parseOpening(rec *wal.Record) (o opening, err error) {
	r := field.Reader{B: rec.Main}
	r.U8()
	size := int(r.U8())
	o.balance = int64(r.U64())
	o.name = r.Bytes(size)
	if !r.Done() || size == 0 || size > maxName || o.balance < 0 {
		return o, errMalformed(rec)
	}
	return o, nil
}

// A transfer is the main data of TRANSFER.
type transfer struct {
	srcRef, dstRef   uint8 // block reference IDs
	srcSlot, dstSlot int
	amount           int64
	src, dst         []byte
}

func (t transfer) append(b []byte) []byte {
	b = append(b, format, t.srcRef, t.dstRef, byte(len(t.src)), byte(len(t.dst)), 0)
	b = le.AppendUint16(b, uint16(t.srcSlot))
	b = le.AppendUint16(b, uint16(t.dstSlot))
	b = le.AppendUint64(b, uint64(t.amount))
	b = append(b, t.src...)
	return append(b, t.dst...)
}

func parseTransfer(rec *wal.Record) (t transfer, err error) {
	r := field.Reader{B: rec.Main}
	r.U8()
	t.srcRef, t.dstRef = r.U8(), r.U8()
	srcLen, dstLen := int(r.U8()), int(r.U8())
	r.U8()
	t.srcSlot, t.dstSlot = int(r.U16()), int(r.U16())
	t.amount = int64(r.U64())
	t.src, t.dst = r.Bytes(srcLen), r.Bytes(dstLen)
	switch {
	case !r.Done(), srcLen == 0, srcLen > maxName, dstLen == 0, dstLen > maxName, t.amount <= 0,
		t.srcRef == t.dstRef && t.srcSlot == t.dstSlot:
		return t, errMalformed(rec)
	}
	return t, nil
}

// A growth is the main data of SPLIT and DEEPEN.
type growth struct {
	number                   int // SPLIT: depth of both buckets after it; DEEPEN: level of the new directory
	entry                    int // SPLIT: first entry that leads to the new bucket; DEEPEN: the entry that leads to the new directory
	directory, bucket, fresh uint32
}

func (g growth) append(b []byte) []byte {
	b = append(b, format, byte(g.number))
	b = le.AppendUint16(b, uint16(g.entry))
	b = le.AppendUint32(b, g.directory)
	b = le.AppendUint32(b, g.bucket)
	return le.AppendUint32(b, g.fresh)
}

func parseGrowth(rec *wal.Record) (g growth, err error) {
	r := field.Reader{B: rec.Main}
	r.U8()
	g.number, g.entry = int(r.U8()), int(r.U16())
	g.directory, g.bucket, g.fresh = r.U32(), r.U32(), r.U32()
	most := maxDepth
	if rec.Op() == opDeepen {
		most = maxLevels - 1
	}
	switch {
	case !r.Done(), g.number < 1, g.number > most, g.entry >= entries,
		g.directory == metaBlock, g.bucket == metaBlock, g.fresh == metaBlock,
		g.directory == g.bucket, g.directory == g.fresh, g.bucket == g.fresh:
		return g, errMalformed(rec)
	}
	return g, nil
}

// span is how many directory entries a split redirects: half of those of the bucket before.
func (g growth) span() int { return entries >> ((g.number-1)%bits + 1) }
