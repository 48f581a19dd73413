package segment

import (
	"encoding/binary"

	"github.com/redoubt-wal/redoubt/wal"
)

// putInPage copies the record to l.pos, where a page has begun that has room for it, and returns where
// the next one may start. Segments are whole pages, so its segment is there. The caller holds mu.
func (l *Log) putInPage(b *wal.Builder) (end wal.LSN) {
	i := int(l.pos) & (len(l.ring) - 1)
	size := wal.Align8(b.Len())
	rec := l.ring[i : i+size]
	binary.LittleEndian.PutUint64(rec[size-8:], 0) // what the record leaves of its last word
	b.SealTo(rec[:b.Len()], l.prev)
	return l.pos + wal.LSN(size)
}

// putAcross copies the record's parts to where it starts, page headers before and between them, and
// zeros up to the next multiple of 8, if segments are there for keep bytes more. The caller holds mu.
// After ErrNoSpace nothing was inserted; any other error has made the log fail.
func (l *Log) putAcross(b *wal.Builder, keep wal.LSN) (start, end wal.LSN, err error) {
	start = wal.RecordStart(l.pos, l.segSize)
	end = wal.RecordEnd(start, uint32(b.Len()), l.segSize)
	if end+keep > l.ready {
		if err := l.makeSegments(end + keep); err != nil {
			return 0, 0, err
		}
	}
	at, left := l.pos, b.Len()
	if at != start {
		hdr, err := l.openPage(at, 0)
		if err != nil {
			return 0, 0, err
		}
		at += hdr
	}
	for _, part := range b.SealParts(l.prev) {
		for len(part) > 0 {
			if at&(wal.PageSize-1) == 0 {
				l.inserted.Store(uint64(at)) // complete up to here, should openPage have to write
				hdr, err := l.openPage(at, uint32(left))
				if err != nil {
					return 0, 0, err
				}
				at += hdr
			}
			n := l.fill(part, at)
			part, at, left = part[n:], at+wal.LSN(n), left-n
		}
	}
	i := int(at) & (len(l.ring) - 1)
	clear(l.ring[i : i+int(-at&7)])
	return start, end, nil
}

// fill copies as much of part to at as there is room for in the page, and returns how much that is.
func (l *Log) fill(part []byte, at wal.LSN) int {
	i := int(at) & (len(l.ring) - 1)
	return copy(l.ring[i:i+int(wal.PageSize-at&(wal.PageSize-1))], part)
}
