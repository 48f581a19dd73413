package wal

import "fmt"

// A Record is one decoded log record. The reader owns it and its bytes: they are valid until the
// reader's next call. Copy what must live longer.
type Record struct {
	LSN   LSN // where the record starts
	End   LSN // where it ends, padding included: the page LSN after redo; of a segment switch the segment's end
	Prev  LSN // start of the record before it (xl_prev)
	Xid   uint32
	Rmgr  RmgrID
	Info  uint8  // high nibble: the manager's operation; low nibble: flags
	Total uint32 // xl_tot_len, bytes

	PassedOver LSN // start of the half-written record that the reader passed over on the way to this one, 0 if there was none

	Origin uint16 // replication origin (block id 253), 0 if none
	TopXid uint32 // top-level transaction (block id 252), 0 if none

	Main   []byte     // main data, nil if none
	Blocks []BlockRef // ascending by ID
}

// Op is the manager's operation, the upper four bits of xl_info.
func (r *Record) Op() uint8 { return r.Info & 0xF0 }

// Flags of xl_info's lower nibble (xlogrecord.h). On disk: never renumber.
const (
	InfoSpecialRelUpdate uint8 = 0x01
	InfoCheckConsistency uint8 = 0x02 // every block carries an image to compare with after redo
)

// RelFileLocator names a relation's files: tablespace, database, relation number.
type RelFileLocator struct{ Spc, DB, Rel uint32 }

func (r RelFileLocator) String() string { return fmt.Sprintf("%d/%d/%d", r.Spc, r.DB, r.Rel) }

// ForkNumber is one of a relation's files.
type ForkNumber uint8

// On disk: never renumber (relpath.h).
const (
	ForkMain ForkNumber = 0
	ForkFSM  ForkNumber = 1
	ForkVM   ForkNumber = 2
	ForkInit ForkNumber = 3
)

func (f ForkNumber) String() string { return [...]string{"main", "fsm", "vm", "init"}[f&3] }

// A BlockRef names one page that a record touches, with its data and perhaps its image.
type BlockRef struct {
	ID       uint8
	Fork     ForkNumber
	Rel      RelFileLocator
	Block    uint32
	WillInit bool   // redo makes the page from nothing
	Data     []byte // what the manager attached for this block, nil if none
	HasData  bool

	Image      []byte // as stored, possibly compressed; nil if none
	ImageInfo  uint8  // bimg_info bits
	HoleOffset uint16
	HoleLength uint16

	imageLen, dataLen uint16 // while decoding
}

// Bits of bimg_info. On disk: never renumber (xlogrecord.h of 15).
const (
	ImageHasHole uint8 = 0x01
	ImageApply   uint8 = 0x02 // restore on replay; clear: only for a consistency comparison
	ImagePGLZ    uint8 = 0x04
	ImageLZ4     uint8 = 0x08
	ImageZstd    uint8 = 0x10
)

// HasImage reports whether the record carries a copy of this page.
func (b *BlockRef) HasImage() bool { return b.Image != nil }

// Apply reports whether replay restores the page from the image instead of calling Redo's change.
func (b *BlockRef) Apply() bool { return b.Image != nil && b.ImageInfo&ImageApply != 0 }
