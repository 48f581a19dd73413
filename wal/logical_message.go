package wal

import (
	"encoding/binary"
	"fmt"
)

// LogicalMessageOp is the only operation of RmgrLogicalMessage. On disk: never renumber.
const LogicalMessageOp uint8 = 0x00

// A LogicalMessage carries bytes to logical decoding; replay ignores it.
//
//	0 database u32 | 4 transactional u8, 3 undefined | 8 prefix size u64 | 16 payload size u64 | 24 prefix NUL payload
type LogicalMessage struct {
	Database      uint32
	Transactional bool
	Prefix        string
	Payload       []byte
}

func (v LogicalMessage) Append(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, v.Database)
	dst = append(appendBool(dst, v.Transactional), 0, 0, 0)
	dst = le.AppendUint64(dst, uint64(len(v.Prefix)+1))
	dst = le.AppendUint64(dst, uint64(len(v.Payload)))
	dst = append(append(dst, v.Prefix...), 0)
	return append(dst, v.Payload...)
}

// DecodeLogicalMessage reads a message; Payload points into main.
func DecodeLogicalMessage(main []byte) (LogicalMessage, error) {
	if len(main) < 24 {
		return LogicalMessage{}, errPayload("logical message", len(main), 24)
	}
	le := binary.LittleEndian
	prefix, size, have := le.Uint64(main[8:]), le.Uint64(main[16:]), uint64(len(main)-24)
	if prefix == 0 || prefix > have || size != have-prefix || main[24+prefix-1] != 0 {
		return LogicalMessage{}, fmt.Errorf("logical message: prefix of %d and payload of %d bytes in %d: %w", prefix, size, have, ErrCorrupt)
	}
	return LogicalMessage{
		Database:      le.Uint32(main),
		Transactional: main[4] != 0,
		Prefix:        string(main[24 : 24+prefix-1]),
		Payload:       main[24+prefix:],
	}, nil
}
