package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxBlocks is how many pages one record can name (block ids 0 to 32).
const MaxBlocks = 33

// A Builder makes records. It is reused: no call allocates once its buffers have grown. All bytes
// given to it are copied, but for main data. It is not for concurrent use.
//
//	b.Begin(rmgr, info); b.SetXid(x); b.AddBlock(…); b.AddMain(…)
//	err := b.Finish()          // assembles the record and sums its body: the expensive part
//	start, end, err := log.Insert(b, redo)   // only 20 header bytes are left to be summed
//
// Parts may be added in any order; block ids must ascend.
type Builder struct {
	head    []byte                 // block headers; after Finish also origin, top xid and the main data's header
	named   int                    // bytes of head that are block headers
	payload []byte                 // images and block data, in block order
	main    []byte                 // what the caller gave, or joined
	joined  []byte                 // main data of several pieces
	fixed   [RecordHeaderSize]byte // the record's header, of SealParts
	whole   []byte                 // the record, of Seal

	header  RecordHeader // its total is 0 until Finish
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
	b.head, b.payload, b.main, b.joined = b.head[:0], b.payload[:0], nil, b.joined[:0]
	b.header = RecordHeader{Info: info, Rmgr: rmgr}
	b.origin, b.topXid, b.blocks, b.images, b.named, b.lastID, b.err = 0, 0, 0, 0, 0, -1, nil
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

// AddMain appends to the record's main data. data is not copied: it stays as it is until the record is
// in the log, as with PostgreSQL's XLogRegisterData.
func (b *Builder) AddMain(data []byte) {
	if len(b.main) == 0 {
		b.main = data
		return
	}
	if len(b.joined) == 0 {
		b.joined = append(b.joined, b.main...)
	}
	b.joined = append(b.joined, data...)
	b.main = b.joined
}

// Len is the record's total length in bytes, header included; 0 before Finish.
func (b *Builder) Len() int { return int(b.header.Total) }

// Images is how many pages the record has an image of.
func (b *Builder) Images() int { return b.images }

// Finish completes the record but for its place, and sums its body. It may be called again, also after
// more was added. Its errors are mistakes of the caller: nothing was written.
func (b *Builder) Finish() error {
	if b.err != nil {
		return b.err
	}
	b.appendTrailingHeaders()
	total := RecordHeaderSize + len(b.head) + len(b.payload) + len(b.main)
	switch {
	case total > RecordMaxSize:
		return fmt.Errorf("record of %d bytes is larger than the limit of %d", total, RecordMaxSize)
	case total == RecordHeaderSize && !b.isSwitch():
		return errors.New("record is empty: only a segment switch carries nothing")
	}
	b.header.Total = uint32(total)
	b.bodySum = updateCRC(updateCRC(updateCRC(0, b.head), b.payload), b.main)
	return nil
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

func (b *Builder) appendTrailingHeaders() {
	le, dst := binary.LittleEndian, b.head[:b.named]
	if b.origin != 0 {
		dst = le.AppendUint16(append(dst, blockIDOrigin), b.origin)
	}
	if b.topXid != 0 {
		dst = le.AppendUint32(append(dst, blockIDTopXid), b.topXid)
	}
	switch n := len(b.main); {
	case n > 255:
		dst = le.AppendUint32(append(dst, blockIDMainLong), uint32(n))
	case n > 0:
		dst = le.AppendUint16(dst, blockIDMainShort|uint16(n)<<8) // one store: it is read at once by the sum
	}
	b.head = dst
}
