package rmgr

import "encoding/binary"

// MaskPage blanks what may differ between a logged and a replayed page with PostgreSQL's header,
// whatever the manager: LSN, checksum, the hint bits of pd_flags, pd_prune_xid, and the hole between
// pd_lower and pd_upper. A [Masker] calls it first.
func MaskPage(page []byte) {
	if len(page) < 24 {
		return
	}
	clear(page[0:10])  // pd_lsn, pd_checksum
	clear(page[10:12]) // pd_flags
	clear(page[20:24]) // pd_prune_xid
	lower := int(binary.LittleEndian.Uint16(page[12:]))
	upper := int(binary.LittleEndian.Uint16(page[14:]))
	if 24 <= lower && lower <= upper && upper <= len(page) {
		clear(page[lower:upper])
	}
}

// Mask blanks in a page of m, PostgreSQL's header included, what wal_consistency_checking does not
// compare: what m's own [Masker] blanks, or, if it has none, what [MaskPage] does. LSN and checksum
// always are. A panic becomes an error, and what page holds then is worth nothing.
func Mask(m Manager, page []byte, block uint32) (err error) {
	masker, ok := m.(Masker)
	if !ok {
		MaskPage(page)
		return nil
	}
	defer catch(m, "mask", &err)
	masker.Mask(page, block)
	clear(page[0:10])
	return nil
}
