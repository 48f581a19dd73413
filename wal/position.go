package wal

// Align8 rounds up to the 8-byte boundary at which every record starts.
func Align8[T ~uint64 | ~uint32 | ~int](n T) T { return (n + 7) &^ 7 }

// PageStart is the first byte of the page that holds lsn.
func PageStart(lsn LSN) LSN { return lsn &^ (PageSize - 1) }

// PageHeaderSizeAt is the size of the header of the page that starts at page: 40 bytes on a
// segment's first page, 24 on all others.
func PageHeaderSizeAt(page LSN, segSize uint64) int {
	if uint64(page)&(segSize-1) == 0 {
		return LongPageHeaderSize
	}
	return ShortPageHeaderSize
}

// RecordStart is where the next record starts after one that ended at end: aligned, and past the
// page header if that is a page boundary.
func RecordStart(end LSN, segSize uint64) LSN {
	at := Align8(end)
	if at&(PageSize-1) == 0 {
		at += LSN(PageHeaderSizeAt(at, segSize))
	}
	return at
}

// RecordEnd is where a record of total bytes that starts at start ends, page headers between and
// padding to a multiple of 8 counted. An end at a page's end is the next page's address, as in
// PostgreSQL.
func RecordEnd(start LSN, total uint32, segSize uint64) LSN {
	at, left := start, uint64(total)
	for {
		room := uint64(PageStart(at)) + PageSize - uint64(at)
		if left <= room {
			return at + LSN(Align8(left))
		}
		left -= room
		at += LSN(room)
		at += LSN(PageHeaderSizeAt(at, segSize))
	}
}
