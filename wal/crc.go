package wal

import "hash/crc32"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CRC32C is the checksum of log records and of pg_control: Castagnoli's polynomial, as in PostgreSQL.
func CRC32C(parts ...[]byte) uint32 {
	var sum uint32
	for _, p := range parts {
		sum = crc32.Update(sum, castagnoli, p)
	}
	return sum
}

// sumRecord is the sum of a whole record: first the body, then the header up to the sum itself, so
// that the body's part can be computed before the record has a place in the log.
func sumRecord(rec []byte) uint32 { return CRC32C(rec[RecordHeaderSize:], rec[:RecordHeaderSize-4]) }

// sumWords goes on from sum with 20 bytes, the first of which are the lowest of each word.
func sumWords(sum uint32, first, second uint64, third uint32) uint32 {
	sum = sumWord(sumWord(^sum, first, 8), second, 8)
	return ^sumWord(sum, uint64(third), 4)
}

// sumWord goes on from state with the lowest n bytes of word.
func sumWord(state uint32, word uint64, n int) uint32 {
	for range n {
		state = castagnoli[byte(state)^byte(word)] ^ state>>8
		word >>= 8
	}
	return state
}
