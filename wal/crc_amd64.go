//go:build !purego

package wal

import "golang.org/x/sys/cpu"

// sumRecordSSE42 is the sum of the record of n bytes at rec, n ≥ RecordHeaderSize.
//
//go:noescape
func sumRecordSSE42(rec *byte, n int) uint32

// sumBodySSE42 is the sum of n bytes at p.
//
//go:noescape
func sumBodySSE42(p *byte, n int) uint32

// sumHeaderSSE42 goes on from sum with the first 20 bytes at rec.
//
//go:noescape
func sumHeaderSSE42(sum uint32, rec *byte) uint32

// longRecord is from where on hash/crc32 is faster: it then works on three parts at a time.
const longRecord = 768

// recordCRC is sumRecord in one go for the short records that a log mostly has: the two calls to
// hash/crc32 cost as much as the sum itself.
func recordCRC(rec []byte) uint32 {
	if len(rec) < longRecord && len(rec) >= RecordHeaderSize && cpu.X86.HasSSE42 {
		return sumRecordSSE42(&rec[0], len(rec))
	}
	return sumRecord(rec)
}

// bodyCRC is sumBody likewise.
func bodyCRC(rec []byte) uint32 {
	if n := len(rec) - RecordHeaderSize; n > 0 && n < longRecord && cpu.X86.HasSSE42 {
		return sumBodySSE42(&rec[RecordHeaderSize], n)
	}
	return sumBody(rec)
}

// sealCRC is sumHeader likewise.
func sealCRC(body uint32, rec []byte) uint32 {
	if cpu.X86.HasSSE42 {
		return sumHeaderSSE42(body, &rec[:RecordHeaderSize][0])
	}
	return sumHeader(body, rec)
}
