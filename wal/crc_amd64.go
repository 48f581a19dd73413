//go:build !purego

package wal

import (
	"hash/crc32"

	"golang.org/x/sys/cpu"
)

// sumRecordSSE42 is the sum of the record of n bytes at rec, n ≥ RecordHeaderSize.
//
//go:noescape
func sumRecordSSE42(rec *byte, n int) uint32

// updateSSE42 goes on from sum with n bytes at p, as crc32.Update does.
//
//go:noescape
func updateSSE42(sum uint32, p *byte, n int) uint32

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

// updateCRC is crc32.Update for the short pieces that records are made of.
func updateCRC(sum uint32, p []byte) uint32 {
	switch {
	case len(p) == 0:
		return sum
	case len(p) < longRecord && cpu.X86.HasSSE42:
		return updateSSE42(sum, &p[0], len(p))
	}
	return crc32.Update(sum, castagnoli, p)
}
