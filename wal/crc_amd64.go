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

// sumHeaderSSE42 is sumWords.
//
//go:noescape
func sumHeaderSSE42(sum uint32, first, second uint64, third uint32) uint32

var hasInstructions = cpu.X86.HasSSE42 && cpu.X86.HasPCLMULQDQ

// longestPart is the k of 3072 bytes, the most that crc_amd64.s sums side by side.
const longestPart = 128

// shifts[k] is x^(64·k−33) modulo the polynomial, bits reflected: what a sum is multiplied by when 8·k bytes
// follow. CRC32 of the 64 bits of a product multiplies by x^32, and the product lies a bit too low.
//
//lint:ignore U1000 by crc_amd64.s
var shifts = func() (s [2*longestPart + 1]uint64) {
	var eight [8]byte
	power := uint32(1) // x^31
	for k := 1; k < len(s); k++ {
		s[k] = uint64(power)
		power = ^crc32.Update(^power, castagnoli, eight[:])
	}
	return s
}()

// recordCRC is sumRecord without the calls to hash/crc32, which cost as much as a short record's sum.
func recordCRC(rec []byte) uint32 {
	switch {
	case len(rec) < RecordHeaderSize || !hasInstructions:
		return sumRecord(rec)
	case len(rec) >= wideFrom && hasWide:
		return updateCRC(updateCRC(0, rec[RecordHeaderSize:]), rec[:RecordHeaderSize-4])
	}
	return sumRecordSSE42(&rec[0], len(rec))
}

// updateCRC is crc32.Update for the short pieces that records are made of.
func updateCRC(sum uint32, p []byte) uint32 {
	switch {
	case len(p) == 0:
		return sum
	case len(p) >= wideFrom && hasWide:
		n := len(p) &^ (wide - 1)
		sum = ^updateWide(^sum, &p[0], n)
		return updateCRC(sum, p[n:])
	case hasInstructions:
		return updateSSE42(sum, &p[0], len(p))
	}
	return crc32.Update(sum, castagnoli, p)
}

// sumHeader goes on from sum with a record header's first 20 bytes, given as words.
func sumHeader(sum uint32, first, second uint64, third uint32) uint32 {
	if hasInstructions {
		return sumHeaderSSE42(sum, first, second, third)
	}
	return sumWords(sum, first, second, third)
}
