package page

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
)

// Sizes of a page, in bytes. On disk: never change.
const (
	Size       = 8192
	HeaderSize = 24
	version    = 4
)

// Bits of pd_flags. On disk: never renumber.
const (
	HasFreeLines uint16 = 0x0001
	PageFull     uint16 = 0x0002
	AllVisible   uint16 = 0x0004
	validFlags   uint16 = 0x0007
)

// Init makes an empty page with special bytes at its end for the manager's own use.
func Init(page []byte, special int) {
	special = (special + 7) &^ 7
	clear(page)
	le := binary.LittleEndian
	le.PutUint16(page[12:], HeaderSize)
	le.PutUint16(page[14:], uint16(Size-special))
	le.PutUint16(page[16:], uint16(Size-special))
	le.PutUint16(page[18:], Size|version)
}

// LSN is the end of the last record that changed the page.
func LSN(page []byte) wal.LSN {
	le := binary.LittleEndian
	return wal.LSN(le.Uint32(page[0:]))<<32 | wal.LSN(le.Uint32(page[4:]))
}

// SetLSN stamps the page: two 32-bit halves, the higher first.
func SetLSN(page []byte, lsn wal.LSN) {
	le := binary.LittleEndian
	le.PutUint32(page[0:], uint32(lsn>>32))
	le.PutUint32(page[4:], uint32(lsn))
}

// Flags is pd_flags.
func Flags(page []byte) uint16 { return binary.LittleEndian.Uint16(page[10:]) }

// Lower is where free space begins.
func Lower(page []byte) int { return int(binary.LittleEndian.Uint16(page[12:])) }

// SetLower moves the beginning of free space.
func SetLower(page []byte, n int) { binary.LittleEndian.PutUint16(page[12:], uint16(n)) }

// Upper is where free space ends.
func Upper(page []byte) int { return int(binary.LittleEndian.Uint16(page[14:])) }

// SetUpper moves the end of free space.
func SetUpper(page []byte, n int) { binary.LittleEndian.PutUint16(page[14:], uint16(n)) }

// Special is where the manager's own bytes begin.
func Special(page []byte) int { return int(binary.LittleEndian.Uint16(page[16:])) }

// IsNew reports whether the page was never initialised (pd_upper is 0, PageIsNew).
func IsNew(page []byte) bool { return Upper(page) == 0 }

// Verify tells whether the page can be used as block number block: its checksum and then its header. A
// page of zeros is valid: a file grows by such pages.
func Verify(page []byte, block uint32) error {
	if len(page) != Size {
		return fmt.Errorf("page has %d bytes, want %d", len(page), Size)
	}
	if IsNew(page) {
		if isZero(page) {
			return nil
		}
		return fmt.Errorf("page of block %d is not initialised and not empty: %w", block, ErrInvalid)
	}
	if got, want := Checksum(page, block), StoredChecksum(page); got != want {
		return fmt.Errorf("page of block %d has checksum %d, its contents give %d: %w", block, want, got, ErrInvalid)
	}
	if err := CheckHeader(page); err != nil {
		return fmt.Errorf("page of block %d has %w: %w", block, err, ErrInvalid)
	}
	return nil
}

// CheckHeader tells whether a page that was written with this header could be read again: Verify asks for
// no less.
func CheckHeader(page []byte) error {
	lower, upper, special := Lower(page), Upper(page), Special(page)
	switch {
	case IsNew(page):
		return errors.New("no page header: see page.Init")
	case Flags(page)&^validFlags != 0 || lower < HeaderSize || lower > upper || upper > special || special > Size || special%8 != 0:
		return fmt.Errorf("an impossible header: lower %d, upper %d, special %d, flags %04X", lower, upper, special, Flags(page))
	}
	return nil
}

func isZero(page []byte) bool {
	for len(page) >= 8 {
		if binary.LittleEndian.Uint64(page) != 0 {
			return false
		}
		page = page[8:]
	}
	return true
}
