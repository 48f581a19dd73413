package disk

import (
	"bytes"
	"encoding/binary"
)

// Page is the size of a page of the log and of data files: two blocks, each of which may be written by
// itself.
const pageSize = 2 * BlockSize

// IsLogPage reports whether a block is the first half of a page of PostgreSQL 15's log. It is told by
// its header (xlog_internal.h: XLogPageHeaderData): no block of a file system looks like that.
func IsLogPage(b []byte) bool {
	le := binary.LittleEndian
	address := le.Uint64(b[8:])
	return le.Uint16(b) == 0xD110 && le.Uint16(b[2:]) < 16 && le.Uint32(b[4:]) < 1<<16 && address != 0 && address%pageSize == 0
}

// IsDataPage reports whether a block is the first half of a data page (bufpage.h: PageHeaderData).
func IsDataPage(b []byte) bool {
	le := binary.LittleEndian
	lower, upper, special := le.Uint16(b[12:]), le.Uint16(b[14:]), le.Uint16(b[16:])
	return le.Uint16(b[18:]) == pageSize|4 && lower >= 24 && lower <= upper && upper <= special && special <= pageSize
}

// ours reports whether the block at an address is the first or the second half of a page.
func (d *Disk) ours(at int64) bool {
	block := at - at%BlockSize
	return d.firstHalf(block) || block > 0 && d.firstHalf(block-BlockSize)
}

func (d *Disk) firstHalf(at int64) bool {
	b := d.current[at : at+BlockSize]
	return IsLogPage(b) || IsDataPage(b)
}

var zeros [BlockSize]byte

func isZero(b []byte) bool { return bytes.Equal(b, zeros[:len(b)]) }
