package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxBlocks is how many pages one record can name (block ids 0 to 32).
const MaxBlocks = 33

// A Builder makes records. It is reused: no call allocates once its buffers have grown. All bytes
// given to it are copied. It is not for concurrent use.
//
//	b.Begin(rmgr, info); b.SetXid(x); b.AddBlock(…); b.AddMain(…)
//	err := b.Finish()          // assembles the record and sums its body: the expensive part
//	start, end, err := log.Insert(b, redo)   // only 20 header bytes are left to be summed
//
// Parts may be added in any order; block ids must ascend.
type Builder struct {
	head    []byte // block headers, origin, top xid, main data header
	payload []byte // images and block data, in block order
	main    []byte
	rec     []byte // the record up to its main data; prev and crc are filled in by Seal

	header  RecordHeader
	origin  uint16
	topXid  uint32
	blocks  int
	images  int
	lastID  int
	lastRel RelFileLocator
	bodySum uint32
	err     error // the first misuse, reported by Finish
	scratch compressor
	method  Compression
}

// Begin starts a new record and forgets the one before. Of info only the upper four bits belong to
// the manager; InfoSpecialRelUpdate and InfoCheckConsistency are the only flags.
func (b *Builder) Begin(rmgr RmgrID, info uint8) {
	b.head, b.payload, b.main, b.rec = b.head[:0], b.payload[:0], b.main[:0], b.rec[:0]
	b.header = RecordHeader{Info: info, Rmgr: rmgr}
	b.origin, b.topXid, b.blocks, b.images, b.lastID, b.err = 0, 0, 0, 0, -1, nil
	b.lastRel = RelFileLocator{}
	switch {
	case !rmgr.Valid():
		b.err = fmt.Errorf("resource manager ID %d is neither built in (0–21) nor custom (128–255)", rmgr)
	case info&0x0F&^(InfoSpecialRelUpdate|InfoCheckConsistency) != 0:
		b.err = fmt.Errorf("invalid info mask %02X: its lower four bits belong to the log", info)
	}
}

// SetXid sets the transaction the record belongs to.
func (b *Builder) SetXid(xid uint32) { b.header.Xid = xid }

// SetOrigin marks the record as replayed from a replication origin (block id 253).
func (b *Builder) SetOrigin(id uint16) { b.origin = id }

// SetTopXid names the top-level transaction of a subtransaction (block id 252).
func (b *Builder) SetTopXid(xid uint32) { b.topXid = xid }

// AddMain appends to the record's main data.
func (b *Builder) AddMain(data []byte) { b.main = append(b.main, data...) }

// Len is the record's total length in bytes, header included; 0 before Finish.
func (b *Builder) Len() int {
	if len(b.rec) == 0 {
		return 0
	}
	return len(b.rec) + len(b.main)
}

// Images is how many pages the record has an image of.
func (b *Builder) Images() int { return b.images }

// Finish assembles the record. Its errors are mistakes of the caller: nothing was written.
func (b *Builder) Finish() error {
	if b.err != nil {
		return b.err
	}
	total := RecordHeaderSize + len(b.head) + 3 + 5 + 5 + len(b.payload) + len(b.main)
	if total > RecordMaxSize {
		return fmt.Errorf("record of %d bytes is larger than the limit of %d", total, RecordMaxSize)
	}
	rec := append(b.rec[:0], make([]byte, RecordHeaderSize)...)
	rec = append(rec, b.head...)
	rec = b.appendTrailingHeaders(rec)
	rec = append(rec, b.payload...)
	if len(rec) == RecordHeaderSize && !b.isSwitch() {
		return errors.New("record is empty: only a segment switch carries nothing")
	}
	b.header.Total = uint32(len(rec) + len(b.main))
	b.header.Prev, b.header.CRC = 0, 0
	b.header.Encode(rec)
	b.bodySum = updateCRC(updateCRC(0, rec[RecordHeaderSize:]), b.main)
	b.rec = rec
	return nil
}

// Seal completes a finished record for its place in the log, after the record that starts at prev,
// and returns its bytes, valid until the next Begin. It costs one checksum of 20 bytes; it may be
// called again with another prev.
func (b *Builder) Seal(prev LSN) []byte {
	head, main := b.SealParts(prev)
	whole := append(head, main...)
	b.rec = whole[:len(head)] // what it has grown by is kept
	return whole
}

// SealParts is Seal for one who copies the record anyway: its bytes in two parts, the main data last.
func (b *Builder) SealParts(prev LSN) (head, main []byte) {
	binary.LittleEndian.PutUint64(b.rec[8:], uint64(prev))
	binary.LittleEndian.PutUint32(b.rec[20:], updateCRC(b.bodySum, b.rec[:RecordHeaderSize-4]))
	return b.rec, b.main
}

func (b *Builder) isSwitch() bool {
	return b.header.Rmgr == RmgrXLOG && b.header.Info&0xF0 == XLogSwitch
}

// Block ids that are no blocks. On disk: never renumber.
const (
	blockIDTopXid    = 252
	blockIDOrigin    = 253
	blockIDMainLong  = 254
	blockIDMainShort = 255
)

func (b *Builder) appendTrailingHeaders(dst []byte) []byte {
	if b.origin != 0 {
		dst = binary.LittleEndian.AppendUint16(append(dst, blockIDOrigin), b.origin)
	}
	if b.topXid != 0 {
		dst = binary.LittleEndian.AppendUint32(append(dst, blockIDTopXid), b.topXid)
	}
	switch n := len(b.main); {
	case n > 255:
		dst = binary.LittleEndian.AppendUint32(append(dst, blockIDMainLong), uint32(n))
	case n > 0:
		dst = append(dst, blockIDMainShort, byte(n))
	}
	return dst
}
