package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A PageSource hands out the log's bytes: from files, from a live log, from memory.
type PageSource interface {
	// ReadPages returns the log from page (a page's first byte) on: at least need bytes (at most a
	// page), more if they are at hand. The bytes stay valid until the next call. It answers
	// ErrNotYet if a live log has fewer than need bytes so far, ErrNoPage if there is no such page.
	ReadPages(page LSN, need int) ([]byte, error)
}

// A DurableSource also knows how far its log is known to be durable: an invalid record below is
// corruption, never a torn tail.
type DurableSource interface {
	PageSource
	Durable() LSN
}

// ReaderOptions are what a reader knows beforehand. The zero value works for 16 MiB segments.
type ReaderOptions struct {
	SegmentSize uint64 // 0: DefaultSegmentSize
	SystemID    uint64 // 0: any
	// MustReach is a position up to which the log is known to have been durable, such as the end of
	// the checkpoint record or minRecoveryPoint: a record that cannot be read below it is corrupt.
	MustReach LSN
}

// A Reader walks the records of a log forward. It understands the pages of PostgreSQL 15 to 18, skips
// to the next segment after XLOG_SWITCH, and passes over a record that was lost half-written when
// the log says so (OVERWRITE_CONTRECORD; see Record.PassedOver). It does not allocate per record: a record within a page is
// a view into the source's bytes, one that crosses pages is put together in a buffer that is reused.
// It is not for concurrent use.
//
// The log ends at the first record that cannot be valid. Whether that is a torn tail or corruption:
// it is corrupt below MustReach or the source's Durable; and also if the next segment begins with a
// valid page, because a segment is made durable before the first page of the next one is written; and if a
// page has a lower timeline than one before it.
type Reader struct {
	src     PageSource
	check   PageCheck
	segSize uint64
	must    LSN

	win    []byte // what the source handed out last
	winLSN LSN
	page   []byte // the current page in win: its header is valid; may be less than a page
	at     LSN    // of page[0]
	seg    LSN    // start of the segment whose first page was checked last
	far    LSN    // the page furthest on that was read since Seek; those before may be read again

	pos  LSN // where the next record starts, or the page boundary before it
	prev LSN // start of the record read last; what xl_prev must say
	end  LSN // end of the record read last

	part partial
	over LSN // start of a record that was passed over since; what the next one's PassedOver will be
	rec  Record
}

// A partial is a record that crosses pages and is not complete yet.
type partial struct {
	start LSN
	total int
	buf   []byte
	next  LSN // the page with the continuation; 0: no record is under way
}

// NewReader returns a reader of src; Seek tells it where to start.
func NewReader(src PageSource, opts ReaderOptions) *Reader {
	if opts.SegmentSize == 0 {
		opts.SegmentSize = DefaultSegmentSize
	}
	return &Reader{
		src:     src,
		check:   PageCheck{SystemID: opts.SystemID, SegmentSize: uint32(opts.SegmentSize)},
		segSize: opts.SegmentSize,
		must:    opts.MustReach,
	}
}

// Seek makes Next start at lsn, which must be where a record starts or the end of one (a page
// boundary stands for the record after that page's header). It reads nothing. The first record's
// xl_prev is only required to point backwards.
func (r *Reader) Seek(lsn LSN) {
	r.pos, r.prev, r.end = lsn, InvalidLSN, lsn
	r.page, r.win, r.seg, r.far = nil, nil, 0, 0
	r.part.next, r.over = 0, 0
	r.check.MinTimeline, r.check.Magic = 0, 0
}

// MustReach raises the position below which an invalid record is corruption.
func (r *Reader) MustReach(lsn LSN) { r.must = max(r.must, lsn) }

// End is the end of the record that Next returned last, or where Seek went.
func (r *Reader) End() LSN { return r.end }

// Last is the start of the record that Next returned last; InvalidLSN if there was none since Seek.
func (r *Reader) Last() LSN { return r.prev }

// Timeline is the highest timeline in a page header read since Seek.
func (r *Reader) Timeline() TimelineID { return r.check.MinTimeline }

// Magic is the magic of the pages read since Seek.
func (r *Reader) Magic() PageMagic { return r.check.Magic }

// Next returns the next record; it and its bytes stay valid until the next call. Errors are
// ErrNotYet (call again later), or a *RecordError, which is final until the next Seek.
func (r *Reader) Next() (*Record, error) {
	if r.part.next == 0 {
		if off := int(r.pos - r.at); off > 0 && off+RecordHeaderSize <= len(r.page) {
			if total := int(binary.LittleEndian.Uint32(r.page[off:])); total >= RecordHeaderSize && off+total <= len(r.page) {
				return r.accept(r.pos, r.page[off:off+total], r.pos+LSN(Align8(total)))
			}
		}
	}
	return r.nextSlowly()
}

// NextHere reads one record more into rec, if it lies whole on the page where the last one ended and is
// valid; otherwise it reports false, and Next says what there is. What Next and NextHere have returned
// stays valid until Next is called: so the records of a page can be had all at once. rec.Blocks is used
// again.
func (r *Reader) NextHere(rec *Record) bool {
	off := int(r.pos - r.at)
	if r.part.next != 0 || off <= 0 || off+RecordHeaderSize > len(r.page) || r.prev == InvalidLSN {
		return false
	}
	total := int(binary.LittleEndian.Uint32(r.page[off:]))
	if total < RecordHeaderSize || off+total > len(r.page) {
		return false
	}
	raw := r.page[off : off+total]
	h := DecodeRecordHeader(raw)
	if h.Prev != r.prev || !h.Rmgr.Valid() || recordCRC(raw) != h.CRC || decodeBody(raw[RecordHeaderSize:], rec) != nil {
		return false
	}
	r.passed(rec, &h, r.pos, r.pos+LSN(Align8(total)))
	return true
}

// accept checks and decodes the complete record raw; next is where it ends.
func (r *Reader) accept(start LSN, raw []byte, next LSN) (*Record, error) {
	h := DecodeRecordHeader(raw)
	if h.Prev != r.prev || r.prev == InvalidLSN || !h.Rmgr.Valid() || h.Total > RecordMaxSize { // hardly ever
		if err := r.checkHeader(&h, start); err != nil {
			return nil, r.fail(start, start, "read header", err)
		}
	}
	if got := recordCRC(raw); got != h.CRC {
		return nil, r.fail(start, next-1, "check crc", fmt.Errorf("checksum is %08X, want %08X", got, h.CRC))
	}
	if err := decodeBody(raw[RecordHeaderSize:], &r.rec); err != nil {
		return nil, r.fail(start, next-1, "decode", err)
	}
	r.passed(&r.rec, &h, start, next)
	return &r.rec, nil
}

// passed makes rec, whose body is decoded, the record that was read last. It ends at next, unless it
// ends its segment.
func (r *Reader) passed(rec *Record, h *RecordHeader, start, next LSN) {
	if h.Rmgr == RmgrXLOG && h.Info&0xF0 == XLogSwitch {
		next = (next + LSN(r.segSize) - 1) &^ LSN(r.segSize-1)
	}
	rec.LSN, rec.End, rec.Prev = start, next, h.Prev
	rec.Xid, rec.Rmgr, rec.Info, rec.Total = h.Xid, h.Rmgr, h.Info, h.Total
	rec.PassedOver, r.over = r.over, 0
	r.pos, r.prev, r.end = next, start, next
	r.part.next = 0
}

var errEmptyHeader = errors.New("invalid record length 0: nothing was written here")

func (r *Reader) checkHeader(h *RecordHeader, start LSN) error {
	switch {
	case h.Total == 0:
		return errEmptyHeader
	case h.Total < RecordHeaderSize || h.Total > RecordMaxSize:
		return fmt.Errorf("invalid record length %d", h.Total)
	case !h.Rmgr.Valid():
		return fmt.Errorf("invalid resource manager ID %d", h.Rmgr)
	case r.prev == InvalidLSN && h.Prev >= start:
		return fmt.Errorf("link to the previous record %s does not point backwards", h.Prev)
	case r.prev != InvalidLSN && h.Prev != r.prev:
		return fmt.Errorf("link to the previous record is %s, want %s", h.Prev, r.prev)
	}
	return nil
}
