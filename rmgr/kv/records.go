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
	opInit   uint8 = 0x00
	opInsert uint8 = 0x10
	opUpdate uint8 = 0x20
	opDelete uint8 = 0x30
	opSplit  uint8 = 0x40
)

const flagRoot uint8 = 0x01 // of opSplit: the root was split, parent is the new root

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

// A split is the main data of SPLIT.
type split struct {
	root                bool
	kept                int // items that stay on the left page
	level               int // of the page that is split
	left, right, parent uint32
	separator           []byte // the least key of the right page's range
}

const splitHead = 20

func appendSplit(b []byte, f rmgr.Format, s split) []byte {
	var flags uint8
	if s.root {
		flags |= flagRoot
	}
	b = append(b, byte(f), flags)
	b = le.AppendUint16(b, uint16(s.kept))
	b = le.AppendUint16(b, uint16(s.level))
	b = append(b, 0, 0)
	b = le.AppendUint32(b, s.left)
	b = le.AppendUint32(b, s.right)
	b = le.AppendUint32(b, s.parent)
	return append(b, s.separator...)
}

func parseSplit(main []byte) (f rmgr.Format, s split, err error) {
	r := field.Reader{B: main}
	f = rmgr.Format(r.U8())
	flags := r.U8()
	s = split{root: flags&flagRoot != 0, kept: int(r.U16()), level: int(r.U16())}
	r.U16()
	s.left, s.right, s.parent = r.U32(), r.U32(), r.U32()
	s.separator = r.Rest()
	switch {
	case r.Bad || flags&^flagRoot != 0 || len(s.separator) == 0 || len(s.separator) > maxKey || s.level >= maxTree-1,
		s.left == metaBlock, s.right == metaBlock, s.parent == metaBlock,
		s.left == s.right, s.left == s.parent, s.right == s.parent,
		s.root && s.parent != s.right+1:
		return f, s, errMalformed(opSplit, len(main))
	}
	return f, s, nil
}

func errMalformed(op uint8, size int) error {
	return fmt.Errorf("kv: malformed record: %d bytes of %s", size, identify(op))
}

func identify(info uint8) string {
	switch info & 0xF0 {
	case opInit:
		return "INIT"
	case opInsert:
		return "INSERT"
	case opUpdate:
		return "UPDATE"
	case opDelete:
		return "DELETE"
	case opSplit:
		return "SPLIT"
	}
	return ""
}

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
