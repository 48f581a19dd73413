package kv

import (
	"encoding/binary"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/field"
	"github.com/redoubt-wal/redoubt/wal"
)

// Operations. On disk: never renumber.
const (
	opInit     uint8 = 0x00
	opInsert   uint8 = 0x10
	opUpdate   uint8 = 0x20
	opDelete   uint8 = 0x30
	opSplit    uint8 = 0x40
	opMerge    uint8 = 0x50 // from here on since format 2
	opCollapse uint8 = 0x60
	opChain    uint8 = 0x70
	opRelease  uint8 = 0x80
	opExchange uint8 = 0x90
)

// parseInit reads the main data of INIT, which is its format.
func parseInit(main []byte) (rmgr.Format, error) {
	if len(main) != 1 {
		return 0, errMalformed(opInit, len(main))
	}
	return rmgr.Format(main[0]), nil
}

// A change is the main data of INSERT, UPDATE or DELETE. Its bytes alias the record.
type change struct {
	slot   int // -1 from format 2 on
	key    []byte
	value  []byte // INSERT, UPDATE
	old    []byte // UPDATE, DELETE from format 2 on
	hasOld bool
}

func appendChange(b []byte, f rmgr.Format, op uint8, c change) []byte {
	b = append(b, byte(f))
	if f == 1 {
		b = le.AppendUint16(b, uint16(c.slot))
		b = le.AppendUint16(b, uint16(len(c.key)))
		if op == opDelete {
			return append(b, c.key...)
		}
		b = le.AppendUint16(b, uint16(len(c.value)))
		b = append(b, c.key...)
		return append(b, c.value...)
	}
	b = binary.AppendUvarint(b, uint64(len(c.key)))
	b = append(b, c.key...)
	switch op {
	case opDelete:
		return append(b, c.old...)
	case opUpdate:
		b = binary.AppendUvarint(b, uint64(len(c.old)))
		b = append(b, c.old...)
	}
	return append(b, c.value...)
}

func parseChange(op uint8, main []byte) (f rmgr.Format, c change, err error) {
	r := field.Reader{B: main}
	f = rmgr.Format(r.U8())
	switch f {
	case 1:
		c.slot = int(r.U16())
		keyLen := int(r.U16())
		valueLen := 0
		if op != opDelete {
			valueLen = int(r.U16())
		}
		c.key = r.Bytes(keyLen)
		if op != opDelete {
			c.value = r.Bytes(valueLen)
		}
	case 2:
		c.slot = -1
		c.key = r.Bytes(r.Length())
		switch op {
		case opInsert:
			c.value = r.Rest()
		case opUpdate:
			c.old, c.hasOld = r.Bytes(r.Length()), true
			c.value = r.Rest()
		case opDelete:
			c.old, c.hasOld = r.Rest(), true
		}
	default:
		return f, c, fmt.Errorf("kv: record in format %d, which this version does not know", f)
	}
	if !r.Done() || len(c.key) > maxKey || len(c.key)+max(len(c.value), len(c.old)) > maxPair {
		return f, c, errMalformed(op, len(main))
	}
	return f, c, nil
}

func errMalformed(op uint8, size int) error {
	return fmt.Errorf("kv: malformed record: %d bytes of %s", size, identify(op))
}

var names = [16]string{
	opInit >> 4: "INIT", opInsert >> 4: "INSERT", opUpdate >> 4: "UPDATE", opDelete >> 4: "DELETE", opSplit >> 4: "SPLIT",
	opMerge >> 4: "MERGE", opCollapse >> 4: "COLLAPSE", opChain >> 4: "CHAIN", opRelease >> 4: "RELEASE", opExchange >> 4: "EXCHANGE",
}

func identify(info uint8) string { return names[info>>4] }

// relation is where all pages are.
var relation = rmgr.Rel(ID, 0)

// reference finds the record's reference to a block of the tree.
func reference(rec *wal.Record, block uint32) (*wal.BlockRef, error) {
	for i := range rec.Blocks {
		if b := &rec.Blocks[i]; b.Block == block && b.Rel == relation && b.Fork == wal.ForkMain {
			return b, nil
		}
	}
	return nil, fmt.Errorf("kv: malformed record: %s without a reference to block %d", identify(rec.Info), block)
}
