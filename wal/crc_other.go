//go:build !amd64 || purego

package wal

import "hash/crc32"

func recordCRC(rec []byte) uint32 { return sumRecord(rec) }

func updateCRC(sum uint32, p []byte) uint32 { return crc32.Update(sum, castagnoli, p) }

func sumHeader(sum uint32, first, second uint64, third uint32) uint32 {
	return sumWords(sum, first, second, third)
}
