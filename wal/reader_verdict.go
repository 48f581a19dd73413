package wal

import (
	"errors"
	"fmt"
)

// fail ends reading at the record that starts at rec, because of what is wrong on the page of bad, or
// somewhere before it.
func (r *Reader) fail(rec, bad LSN, op string, cause error) error {
	verdict := ErrTornTail
	if r.mustBeValid(rec, PageStart(bad)) || errors.Is(cause, errTimelineFell) {
		verdict = ErrCorrupt
	}
	e := &RecordError{LSN: rec, Op: op, Err: fmt.Errorf("%w: %w", verdict, cause)}
	if r.part.next != 0 && r.part.start == rec && PageStart(bad) == r.part.next {
		e.Missing = r.part.next
	}
	r.page, r.win = nil, nil
	r.part.next = 0
	return e
}

// mustBeValid reports whether the record at rec is known to have been durable once.
func (r *Reader) mustBeValid(rec, bad LSN) bool {
	if rec < r.must {
		return true
	}
	if d, ok := r.src.(DurableSource); ok && rec < d.Durable() {
		return true
	}
	return r.segmentBegins((bad &^ LSN(r.segSize-1)) + LSN(r.segSize))
}

// segmentBegins reports whether the segment at lsn begins with a page that belongs there. A recycled
// or prepared one does not: it has another address, or none.
func (r *Reader) segmentBegins(lsn LSN) bool {
	page, err := r.src.ReadPages(lsn, LongPageHeaderSize)
	if err != nil {
		return false
	}
	h, err := DecodePageHeader(page)
	check := r.check
	check.MinTimeline = 0 // what is damaged may be the timeline of the page read last
	return err == nil && check.Validate(&h, lsn) == nil
}

// FindFirst seeks to the first record that starts at or after lsn and returns where it starts. lsn
// may be any position; Next returns that record.
func (r *Reader) FindFirst(lsn LSN) (LSN, error) {
	r.Seek(PageStart(lsn))
	for at := PageStart(lsn); ; at += PageSize {
		hdr := PageHeaderSizeAt(at, r.segSize)
		if err := r.enter(at, hdr, lsn); err != nil {
			return 0, err
		}
		h, err := DecodePageHeader(r.page)
		if err != nil {
			return 0, err
		}
		skip := 0
		if h.Info&PageFirstIsContRecord != 0 {
			skip = int(Align8(h.RemLen))
		}
		if hdr+skip < PageSize {
			r.pos = at + LSN(hdr+skip)
			break
		}
	}
	return r.skipTo(lsn)
}

// skipTo reads forward until the next record starts at or after lsn.
func (r *Reader) skipTo(lsn LSN) (LSN, error) {
	for {
		start, prev, end := r.pos, r.prev, r.end
		rec, err := r.Next()
		if err != nil {
			return 0, err
		}
		if rec.LSN >= lsn {
			r.pos, r.prev, r.end = start, prev, end // Next returns it again
			r.over = rec.PassedOver
			if prev == InvalidLSN {
				r.end = rec.LSN
			}
			return rec.LSN, nil
		}
	}
}
