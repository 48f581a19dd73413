package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sizes of the log's pages, in bytes. On disk: never change (XLOG_BLCKSZ, SizeOfXLogShortPHD, SizeOfXLogLongPHD).
const (
	PageSize            = 8192
	ShortPageHeaderSize = 24
	LongPageHeaderSize  = 40
)

// PageMagic names the log format of a PostgreSQL major version (xlp_magic).
type PageMagic uint16

// Magics that are read. PageMagic15 is the only one written. On disk: never change.
const (
	PageMagic15 PageMagic = 0xD110
	PageMagic16 PageMagic = 0xD113
	PageMagic17 PageMagic = 0xD116
	PageMagic18 PageMagic = 0xD118
)

// Known reports whether the reader understands pages with this magic.
func (m PageMagic) Known() bool {
	return m == PageMagic15 || m == PageMagic16 || m == PageMagic17 || m == PageMagic18
}

// Bits of xlp_info. On disk: never renumber.
const (
	PageFirstIsContRecord          uint16 = 0x0001 // the page begins inside a record
	PageLongHeader                 uint16 = 0x0002 // first page of a segment
	PageBkpRemovable               uint16 = 0x0004 // no base backup was running
	PageFirstIsOverwriteContRecord uint16 = 0x0008 // what the previous page began was lost in a crash
	pageInfoMask                   uint16 = 0x000F
)

// A PageHeader starts every 8 KiB page of the log.
//
//	 0  magic u16 | 2 info u16 | 4 timeline u32 | 8 address u64 | 16 rem_len u32 | 20 zero
//	24  system identifier u64 | 32 segment size u32 | 36 page size u32        first page of a segment only
type PageHeader struct {
	Magic    PageMagic
	Info     uint16
	Timeline TimelineID // of the first record on the page
	Addr     LSN        // of the page's first byte: what unmasks a recycled segment
	RemLen   uint32     // bytes of a continued record that are still to come, from this page on

	// Long header only.
	SystemID    uint64
	SegmentSize uint32
	BlockSize   uint32
}

// Long reports whether this is the header of a segment's first page.
func (h *PageHeader) Long() bool { return h.Info&PageLongHeader != 0 }

// Size is the header's length on disk, 24 or 40 bytes.
func (h *PageHeader) Size() int {
	if h.Long() {
		return LongPageHeaderSize
	}
	return ShortPageHeaderSize
}

// Encode writes the header to the start of page.
func (h *PageHeader) Encode(page []byte) {
	le := binary.LittleEndian
	le.PutUint16(page[0:], uint16(h.Magic))
	le.PutUint16(page[2:], h.Info)
	le.PutUint32(page[4:], uint32(h.Timeline))
	le.PutUint64(page[8:], uint64(h.Addr))
	le.PutUint32(page[16:], h.RemLen)
	le.PutUint32(page[20:], 0)
	if h.Long() {
		le.PutUint64(page[24:], h.SystemID)
		le.PutUint32(page[32:], h.SegmentSize)
		le.PutUint32(page[36:], h.BlockSize)
	}
}

// DecodePageHeader reads a header; it checks only that the bytes are there.
func DecodePageHeader(page []byte) (PageHeader, error) {
	if len(page) < ShortPageHeaderSize {
		return PageHeader{}, errShortPage
	}
	le := binary.LittleEndian
	h := PageHeader{
		Magic:    PageMagic(le.Uint16(page[0:])),
		Info:     le.Uint16(page[2:]),
		Timeline: TimelineID(le.Uint32(page[4:])),
		Addr:     LSN(le.Uint64(page[8:])),
		RemLen:   le.Uint32(page[16:]),
	}
	if h.Long() {
		if len(page) < LongPageHeaderSize {
			return PageHeader{}, errShortPage
		}
		h.SystemID = le.Uint64(page[24:])
		h.SegmentSize = le.Uint32(page[32:])
		h.BlockSize = le.Uint32(page[36:])
	}
	return h, nil
}

var errShortPage = errors.New("page ends inside its header")

// A PageCheck is what a page header is compared with. Zero fields are not compared.
type PageCheck struct {
	SystemID    uint64
	SegmentSize uint32
	Magic       PageMagic  // the version the log began with: it must not change in mid-stream
	MinTimeline TimelineID // the highest timeline seen so far
}

// errTimelineFell is no torn tail: pages that a crash leaves behind have another address.
var errTimelineFell = errors.New("timelines never go down")

// Validate tells why h cannot be the header of the page at addr; nil if it can. The order of
// tests is PostgreSQL's (XLogReaderValidatePageHeader).
func (c PageCheck) Validate(h *PageHeader, addr LSN) error {
	switch {
	case !h.Magic.Known():
		return fmt.Errorf("invalid page magic %04X", uint16(h.Magic))
	case c.Magic != 0 && h.Magic != c.Magic:
		return fmt.Errorf("page magic changes from %04X to %04X", uint16(c.Magic), uint16(h.Magic))
	case h.Info&^pageInfoMask != 0:
		return fmt.Errorf("invalid page info bits %04X", h.Info)
	case h.Long() && c.SystemID != 0 && h.SystemID != c.SystemID:
		return fmt.Errorf("page is of system %d, want %d", h.SystemID, c.SystemID)
	case h.Long() && c.SegmentSize != 0 && h.SegmentSize != c.SegmentSize:
		return fmt.Errorf("page says segment size %d, want %d", h.SegmentSize, c.SegmentSize)
	case h.Long() && h.BlockSize != PageSize:
		return fmt.Errorf("page says page size %d, want %d", h.BlockSize, PageSize)
	case !h.Long() && c.SegmentSize != 0 && uint64(addr)%uint64(c.SegmentSize) == 0:
		return errors.New("first page of a segment lacks its long header")
	case h.Addr != addr:
		return fmt.Errorf("page has address %s, want %s", h.Addr, addr)
	case h.Timeline < c.MinTimeline:
		return fmt.Errorf("page has timeline %d after timeline %d: %w", h.Timeline, c.MinTimeline, errTimelineFell)
	}
	return nil
}
