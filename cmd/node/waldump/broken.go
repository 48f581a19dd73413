package waldump

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// nothing is the end of a log that did not even begin.
func (d *dump) nothing(err error) error {
	if errors.Is(err, wal.ErrNoPage) {
		return d.unread(err, wal.SegmentName(d.at.history.Timeline(), d.at.start, d.at.segSize))
	}
	return fmt.Errorf("could not find a valid record after %s", d.at.start)
}

// unreadable ends the program at once: there are no statistics then.
type unreadable struct{ error }

// unread is a page of a file that is not there, or not wholly, in pg_waldump's words.
func (d *dump) unread(err error, file string) error {
	short := (*segment.ShortFileError)(nil)
	if !errors.As(err, &short) {
		return unreadable{fmt.Errorf("could not find file %q: No such file or directory", file)}
	}
	rest := wal.PageSize - short.Offset%wal.PageSize
	if file == wal.SegmentName(d.at.history.Timeline(), d.at.end, d.at.segSize) {
		rest = min(rest, int64(uint64(d.at.end)%d.at.segSize)-short.Offset)
	}
	return unreadable{fmt.Errorf("could not read from file %s, offset %d: read 0 of %d", filepath.Base(short.File), short.Offset, rest)}
}

// broken is the end of a log that should have gone on, in pg_waldump's words.
func (d *dump) broken(err error) error {
	failed := (*wal.RecordError)(nil)
	if !errors.As(err, &failed) {
		return err
	}
	x := &examiner{src: d.src, segSize: d.at.segSize, tli: d.at.history.Timeline(), after: d.r.Timeline(), prev: d.r.Last()}
	reason := x.examine(failed.LSN)
	switch {
	case x.err != nil:
		return d.unread(x.err, x.file)
	case reason == "":
		reason = failed.Err.Error()
	}
	return fmt.Errorf("error in WAL record at %s: %s", d.r.Last(), reason)
}

// An examiner looks at a record that cannot be read, step by step as PostgreSQL's reader does, and says
// what it would say.
type examiner struct {
	src     wal.PageSource
	segSize uint64
	tli     wal.TimelineID
	after   wal.TimelineID // the highest timeline so far
	prev    wal.LSN        // where the record before starts

	err  error // of a page that is not there
	file string
}

// examine returns "" if there is nothing that PostgreSQL would name.
func (x *examiner) examine(start wal.LSN) string {
	page, reason := x.page(wal.PageStart(start))
	if reason != "" || x.err != nil {
		return reason
	}
	off := int(start - wal.PageStart(start))
	if size := wal.PageHeaderSizeAt(wal.PageStart(start), x.segSize); off < size {
		off, start = size, wal.PageStart(start)+wal.LSN(size)
	}
	total := int(binary.LittleEndian.Uint32(page[off:]))
	if total < wal.RecordHeaderSize {
		return fmt.Sprintf("invalid record length at %s: wanted %d, got %d", start, wal.RecordHeaderSize, total)
	}
	raw := append([]byte(nil), page[off:min(len(page), off+total)]...)
	if len(raw) >= wal.RecordHeaderSize {
		if reason := x.header(raw, start); reason != "" {
			return reason
		}
	}
	for at := wal.PageStart(start) + wal.PageSize; len(raw) < total; at += wal.PageSize {
		page, reason := x.page(at)
		if reason != "" || x.err != nil {
			return reason
		}
		rest, size := binary.LittleEndian.Uint32(page[16:]), wal.PageHeaderSizeAt(at, x.segSize)
		switch {
		case binary.LittleEndian.Uint16(page[2:])&wal.PageFirstIsContRecord == 0:
			return fmt.Sprintf("there is no contrecord flag at %s", start)
		case int(rest) != total-len(raw):
			return fmt.Sprintf("invalid contrecord length %d (expected %d) at %s", rest, total-len(raw), start)
		}
		before := len(raw)
		raw = append(raw, page[size:min(len(page), size+int(rest))]...)
		if before < wal.RecordHeaderSize && len(raw) >= wal.RecordHeaderSize {
			if reason := x.header(raw, start); reason != "" {
				return reason
			}
		}
	}
	if sum := wal.CRC32C(raw[wal.RecordHeaderSize:], raw[:20]); sum != binary.LittleEndian.Uint32(raw[20:]) {
		return fmt.Sprintf("incorrect resource manager data checksum in record at %s", start)
	}
	return ""
}

func (x *examiner) header(raw []byte, start wal.LSN) string {
	h := wal.DecodeRecordHeader(raw)
	switch {
	case !h.Rmgr.Valid():
		return fmt.Sprintf("invalid resource manager ID %d at %s", h.Rmgr, start)
	case h.Prev != x.prev:
		return fmt.Sprintf("record with incorrect prev-link %s at %s", h.Prev, start)
	}
	return ""
}

// page reads a page and checks its header.
func (x *examiner) page(at wal.LSN) (page []byte, reason string) {
	file := wal.SegmentName(x.tli, at, x.segSize)
	page, err := x.src.ReadPages(at, wal.PageSize)
	if errors.Is(err, wal.ErrNoPage) {
		x.err, x.file = err, file
		return nil, ""
	}
	if err != nil {
		return nil, err.Error()
	}
	page = page[:wal.PageSize]
	h, err := wal.DecodePageHeader(page)
	if err != nil {
		return nil, err.Error()
	}
	where := fmt.Sprintf("in log segment %s, offset %d", file, uint64(at)%x.segSize)
	switch long := uint64(at)%x.segSize == 0; {
	case !h.Magic.Known():
		return nil, fmt.Sprintf("invalid magic number %04X %s", uint16(h.Magic), where)
	case h.Info&^0x000F != 0 || long && !h.Long():
		return nil, fmt.Sprintf("invalid info bits %04X %s", h.Info, where)
	case h.Long() && uint64(h.SegmentSize) != x.segSize:
		return nil, "WAL file is from different database system: incorrect segment size in page header"
	case h.Long() && h.BlockSize != wal.PageSize:
		return nil, "WAL file is from different database system: incorrect XLOG_BLCKSZ in page header"
	case h.Addr != at:
		return nil, fmt.Sprintf("unexpected pageaddr %s %s", h.Addr, where)
	case h.Timeline < x.after:
		return nil, fmt.Sprintf("out-of-sequence timeline ID %d (after %d) %s", h.Timeline, x.after, where)
	}
	return page, ""
}
