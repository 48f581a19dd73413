package replslot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/redoubt-wal/redoubt/wal"
)

// A slot's file is PostgreSQL's (ReplicationSlotOnDisk), little-endian. On disk: never change.
//
//	  0 magic u32 | 4 CRC-32C u32 of all from 8 on | 8 version u32 | 12 length u32 of what follows
//	 16 name, 64 bytes | 80 database u32 | 84 persistency i32 | 88 xmin u32 | 92 catalog_xmin u32
//	 96 restart_lsn u64 | 104 invalidated_at u64 | 112 confirmed_flush u64 | 120 two_phase_at u64
//	128 two_phase u8 | 129 plugin, 64 bytes | 193 zeros to 200
const (
	magic    = 0x1051CA1
	version  = 2
	length   = 184
	fileSize = 16 + length

	persistent = 0
	ephemeral  = 1

	// database is the database that logical slots belong to (rmgr.Rel's).
	database = 5
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errFile = errors.New("state file is damaged")

func encode(s Slot) []byte {
	b := make([]byte, fileSize)
	le := binary.LittleEndian
	le.PutUint32(b[0:], magic)
	le.PutUint32(b[8:], version)
	le.PutUint32(b[12:], length)
	copy(b[16:79], s.Name)
	if s.Logical {
		le.PutUint32(b[80:], database)
	}
	if le.PutUint32(b[84:], persistent); s.Ephemeral {
		le.PutUint32(b[84:], ephemeral)
	}
	le.PutUint64(b[96:], uint64(s.RestartLSN))
	le.PutUint64(b[104:], uint64(s.InvalidatedAt))
	le.PutUint64(b[112:], uint64(s.ConfirmedFlush))
	copy(b[129:192], s.Plugin)
	le.PutUint32(b[4:], crc32.Checksum(b[8:], castagnoli))
	return b
}

func decode(b []byte) (Slot, error) {
	if len(b) != fileSize {
		return Slot{}, fmt.Errorf("%w: it has %d bytes, want %d", errFile, len(b), fileSize)
	}
	le := binary.LittleEndian
	switch {
	case le.Uint32(b) != magic:
		return Slot{}, fmt.Errorf("%w: wrong magic number %08X", errFile, le.Uint32(b))
	case le.Uint32(b[8:]) != version || le.Uint32(b[12:]) != length:
		return Slot{}, fmt.Errorf("%w: unsupported version %d", errFile, le.Uint32(b[8:]))
	case le.Uint32(b[4:]) != crc32.Checksum(b[8:], castagnoli):
		return Slot{}, fmt.Errorf("%w: checksum mismatch", errFile)
	case b[79] != 0 || b[192] != 0:
		return Slot{}, fmt.Errorf("%w: a name in it does not end", errFile)
	}
	s := Slot{
		Name:           cString(b[16:80]),
		Logical:        le.Uint32(b[80:]) != 0,
		Ephemeral:      le.Uint32(b[84:]) != persistent,
		RestartLSN:     wal.LSN(le.Uint64(b[96:])),
		InvalidatedAt:  wal.LSN(le.Uint64(b[104:])),
		ConfirmedFlush: wal.LSN(le.Uint64(b[112:])),
		Plugin:         cString(b[129:193]),
	}
	return s, nil
}

func cString(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}
