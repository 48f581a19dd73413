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
