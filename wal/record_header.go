package wal

import "encoding/binary"

// Limits of a record, in bytes. RecordMaxSize is PostgreSQL 16's XLogRecordMaxSize.
const (
	RecordHeaderSize = 24
	RecordMaxSize    = 1020 << 20
)

// A RecordHeader starts every record; it may straddle two pages, its first 8 bytes never do.
//
//	0 total u32 | 4 xid u32 | 8 prev u64 | 16 info u8 | 17 rmgr u8 | 18 zero u16 | 20 crc u32
type RecordHeader struct {
	Total uint32 // bytes, this header included, page headers and padding excluded
	Xid   uint32
	Prev  LSN
	Info  uint8
	Rmgr  RmgrID
	CRC   uint32 // CRC-32C of the body, then of the header's first 20 bytes
}

// Encode writes the header to dst[:24].
func (h *RecordHeader) Encode(dst []byte) {
	_ = dst[RecordHeaderSize-1]
	le := binary.LittleEndian
	le.PutUint32(dst[0:], h.Total)
	le.PutUint32(dst[4:], h.Xid)
	le.PutUint64(dst[8:], uint64(h.Prev))
	dst[16], dst[17], dst[18], dst[19] = h.Info, byte(h.Rmgr), 0, 0
	le.PutUint32(dst[20:], h.CRC)
}

// DecodeRecordHeader reads src[:24].
func DecodeRecordHeader(src []byte) RecordHeader {
	_ = src[RecordHeaderSize-1]
	le := binary.LittleEndian
	return RecordHeader{
		Total: le.Uint32(src[0:]),
		Xid:   le.Uint32(src[4:]),
		Prev:  LSN(le.Uint64(src[8:])),
		Info:  src[16],
		Rmgr:  RmgrID(src[17]),
		CRC:   le.Uint32(src[20:]),
	}
}
