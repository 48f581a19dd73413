package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// nextSlowly reads a record that the current page does not hold whole: the first on a page, one that
// crosses pages, or one that is not there.
func (r *Reader) nextSlowly() (*Record, error) {
	for {
		if r.part.next == 0 {
			rec, err := r.begin()
			if rec != nil || err != nil {
				return rec, err
			}
		}
		rec, err := r.assemble()
		if rec != nil || err != nil {
			return rec, err
		}
	}
}

// begin reads the record at r.pos, or its first part into r.part and returns nil, nil.
func (r *Reader) begin() (*Record, error) {
	at := PageStart(r.pos)
	start := RecordStart(r.pos, r.segSize)
	off := int(start - at)
	if err := r.enter(at, off+8, start); err != nil { // 8 bytes of a header are never split
		return nil, err
	}
	if r.pos == at && binary.LittleEndian.Uint16(r.page[2:])&PageFirstIsContRecord != 0 {
		return nil, r.fail(start, at, "read page", errors.New("page begins inside another record"))
	}
	total := int(binary.LittleEndian.Uint32(r.page[off:]))
	if total < RecordHeaderSize || total > RecordMaxSize {
		h := RecordHeader{Total: uint32(total)}
		return nil, r.fail(start, at, "read header", r.checkHeader(&h, start))
	}
	have := min(total, PageSize-off)
	if err := r.enter(at, off+have, start); err != nil {
		return nil, err
	}
	raw := r.page[off : off+have]
	if have == total {
		r.pos = start
		return r.accept(start, raw, start+LSN(Align8(total)))
	}
	r.part = partial{start: start, total: total, buf: append(r.part.buf[:0], raw...), next: at + PageSize}
	if have >= RecordHeaderSize {
		return nil, r.checkPart()
	}
	return nil, nil
}

// assemble collects the continuations of r.part, page by page. It returns nil, nil if the log says
// that the record was given up; reading goes on at that page.
func (r *Reader) assemble() (*Record, error) {
	p := &r.part
	for {
		hdr := PageHeaderSizeAt(p.next, r.segSize)
		rest := p.total - len(p.buf)
		if err := r.enter(p.next, hdr, p.start); err != nil {
			return nil, err
		}
		info := binary.LittleEndian.Uint16(r.page[2:])
		if info&PageFirstIsOverwriteContRecord != 0 {
			r.pos, r.over, p.next = p.next, p.start, 0
			return nil, nil
		}
		remLen := int(binary.LittleEndian.Uint32(r.page[16:]))
		if info&PageFirstIsContRecord == 0 || remLen != rest {
			err := fmt.Errorf("page does not continue the record: flags %04X, %d bytes to come, want %d", info, remLen, rest)
			return nil, r.fail(p.start, p.next, "read continuation", err)
		}
		here := min(rest, PageSize-hdr)
		if err := r.enter(p.next, hdr+here, p.start); err != nil {
			return nil, err
		}
		hadHeader := len(p.buf) >= RecordHeaderSize
		p.buf = append(p.buf, r.page[hdr:hdr+here]...)
		if !hadHeader && len(p.buf) >= RecordHeaderSize {
			if err := r.checkPart(); err != nil {
				return nil, err
			}
		}
		if here == rest {
			return r.accept(p.start, p.buf, p.next+LSN(Align8(hdr+here)))
		}
		p.next += PageSize
	}
}

// checkPart looks at the header of r.part before more of a record that cannot be valid is collected.
func (r *Reader) checkPart() error {
	h := DecodeRecordHeader(r.part.buf)
	if err := r.checkHeader(&h, r.part.start); err != nil {
		return r.fail(r.part.start, PageStart(r.part.start), "read header", err)
	}
	return nil
}

// enter makes the page at the current one, with at least need bytes. rec is the record it is read for.
func (r *Reader) enter(at LSN, need int, rec LSN) error {
	if r.page != nil && r.at == at && len(r.page) >= need {
		return nil
	}
	if err := r.enterSegment(at, rec); err != nil {
		return err
	}
	return r.load(at, need, rec)
}

// enterSegment checks a segment's first page when reading enters the segment somewhere else.
func (r *Reader) enterSegment(at, rec LSN) error {
	first := at &^ LSN(r.segSize-1)
	if at == first || r.seg == first {
		return nil
	}
	return r.load(first, LongPageHeaderSize, rec)
}

func (r *Reader) load(at LSN, need int, rec LSN) error {
	if at < r.winLSN || at >= r.winLSN+LSN(len(r.win)) || int(r.winLSN+LSN(len(r.win))-at) < need {
		win, err := r.src.ReadPages(at, need)
		switch {
		case errors.Is(err, ErrNotYet):
			r.page, r.win = nil, nil
			return err
		case errors.Is(err, ErrNoPage):
			return r.fail(rec, at, "read page", err)
		case err != nil:
			return &RecordError{LSN: rec, Op: "read page at " + at.String(), Err: err}
		}
		r.win, r.winLSN = win, at
	}
	rest := r.win[at-r.winLSN:]
	page := rest[:min(PageSize, len(rest))]
	check := r.check
	if at <= r.far {
		check.MinTimeline = 0 // that a page further on says
	}
	h, err := DecodePageHeader(page)
	if err == nil {
		err = check.Validate(&h, at)
	}
	if err != nil {
		return r.fail(rec, at, "read page", err)
	}
	if h.Long() {
		r.seg = at
	}
	r.page, r.at, r.far = page, at, max(r.far, at)
	r.check.MinTimeline, r.check.Magic = max(r.check.MinTimeline, h.Timeline), h.Magic
	return nil
}
