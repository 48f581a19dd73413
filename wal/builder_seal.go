package wal

import "encoding/binary"

// Seal completes a finished record for its place in the log, after the record that starts at prev,
// and returns its bytes, valid until the next Begin. It may be called again with another prev.
func (b *Builder) Seal(prev LSN) []byte {
	b.whole = b.whole[:0]
	for _, part := range b.SealParts(prev) {
		b.whole = append(b.whole, part...)
	}
	return b.whole
}

// SealParts is Seal for one who copies the record anyway: its bytes in the order of the log.
func (b *Builder) SealParts(prev LSN) [4][]byte {
	b.sealHeader(b.fixed[:], prev)
	return [4][]byte{b.fixed[:], b.head, b.payload, b.main}
}

// SealTo is Seal for one who has the place already: dst, of Len bytes.
func (b *Builder) SealTo(dst []byte, prev LSN) {
	b.sealHeader(dst, prev)
	at := RecordHeaderSize + copy(dst[RecordHeaderSize:], b.head)
	if len(b.payload) > 0 {
		at += copy(dst[at:], b.payload)
	}
	copy(dst[at:], b.main)
}

// sealHeader writes the header to dst in whole words and sums these words, not the memory: bytes that
// were just stored can be read only after they have reached the cache.
func (b *Builder) sealHeader(dst []byte, prev LSN) {
	first := uint64(b.header.Total) | uint64(b.header.Xid)<<32
	third := uint32(b.header.Info) | uint32(b.header.Rmgr)<<8
	sum := sumHeader(b.bodySum, first, uint64(prev), third)
	_ = dst[RecordHeaderSize-1]
	binary.LittleEndian.PutUint64(dst[0:], first)
	binary.LittleEndian.PutUint64(dst[8:], uint64(prev))
	binary.LittleEndian.PutUint64(dst[16:], uint64(third)|uint64(sum)<<32)
}
