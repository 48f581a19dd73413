package page

import (
	"encoding/binary"
	"errors"
)

// ErrInvalid says that a page is damaged.
var ErrInvalid = errors.New("page is damaged")

// StoredChecksum is the page's pd_checksum.
func StoredChecksum(page []byte) uint16 { return binary.LittleEndian.Uint16(page[8:]) }

// SetChecksum stores the checksum of page as block number block. Call it on the copy that is written
// out, last.
func SetChecksum(page []byte, block uint32) {
	binary.LittleEndian.PutUint16(page[8:], Checksum(page, block))
}

const (
	sums  = 32         // sums that run side by side
	prime = 0x01000193 // FNV-1's
)

// Where the 32 sums begin. On disk: never change (storage/checksum_impl.h).
var sumBase = [sums]uint32{
	0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C,
	0xF8D4474F, 0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB,
	0xE58F764B, 0x187636BC, 0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4,
	0x783125BB, 0x6CA8EAA2, 0xE407EAC6, 0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756,
}

// Checksum is PostgreSQL's data checksum (pg_checksum_page): 32 FNV-1a-like sums over the page's
// 32-bit words, folded, mixed with the block number so that a page in the wrong place is noticed, and
// never 0. The stored checksum counts as zero.
func Checksum(page []byte, block uint32) uint16 {
	acc := sumBase
	page = page[:Size]
	for row := 0; row < Size; row += 4 * sums {
		words := page[row : row+4*sums]
		for i := range acc {
			w := binary.LittleEndian.Uint32(words[4*i:])
			if row == 0 && i == 2 {
				w &= 0xFFFF0000 // pd_checksum
			}
			acc[i] = mix(acc[i], w)
		}
	}
	var result uint32
	for i := range acc {
		result ^= mix(mix(acc[i], 0), 0)
	}
	result ^= block
	return uint16(result%65535) + 1
}

func mix(sum, word uint32) uint32 {
	t := sum ^ word
	return t*prime ^ t>>17
}
