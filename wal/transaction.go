package wal

import (
	"encoding/binary"
	"fmt"
)

// Operations of the Transaction manager, RmgrTransaction: xl_info & XactOpMask. On disk: never renumber.
const (
	XactOpMask uint8 = 0x70

	XactCommit         uint8 = 0x00
	XactPrepare        uint8 = 0x10
	XactAbort          uint8 = 0x20
	XactCommitPrepared uint8 = 0x30
	XactAbortPrepared  uint8 = 0x40
	XactAssignment     uint8 = 0x50
	XactInvalidations  uint8 = 0x60

	// XactHasInfo marks that xinfo, and the parts it announces, follow the time.
	XactHasInfo uint8 = 0x80
)

// Bits of xinfo. On disk: never renumber.
const (
	xactHasDBInfo   uint32 = 1 << 0
	xactHasSubxacts uint32 = 1 << 1
)

// XactEnd is the payload of a COMMIT or ABORT record. The transaction itself is the record's xid.
type XactEnd struct {
	Time     int64
	Database uint32   // 0: not said
	Subxacts []uint32 // committed or aborted with it
}

// Append appends the shortest form; info is what to add to the operation in xl_info.
func (v XactEnd) Append(dst []byte) (main []byte, info uint8) {
	le := binary.LittleEndian
	main = le.AppendUint64(dst, uint64(v.Time))
	var bits uint32
	if v.Database != 0 {
		bits |= xactHasDBInfo
	}
	if len(v.Subxacts) != 0 {
		bits |= xactHasSubxacts
	}
	if bits == 0 {
		return main, 0
	}
	main = le.AppendUint32(main, bits)
	if v.Database != 0 {
		main = le.AppendUint32(le.AppendUint32(main, v.Database), defaultTablespace)
	}
	if len(v.Subxacts) != 0 {
		main = le.AppendUint32(main, uint32(len(v.Subxacts)))
		for _, x := range v.Subxacts {
			main = le.AppendUint32(main, x)
		}
	}
	return main, XactHasInfo
}

const defaultTablespace = 1663 // pg_default

// DecodeXactEnd reads time, database and subtransactions; what follows them is passed over.
func DecodeXactEnd(info uint8, main []byte) (XactEnd, error) {
	if len(main) < 8 {
		return XactEnd{}, errPayload("transaction end", len(main), 8)
	}
	le := binary.LittleEndian
	v := XactEnd{Time: int64(le.Uint64(main))}
	rest := main[8:]
	if info&XactHasInfo == 0 {
		return v, nil
	}
	if len(rest) < 4 {
		return XactEnd{}, errPayload("transaction end", len(main), 12)
	}
	bits := le.Uint32(rest)
	rest = rest[4:]
	if bits&xactHasDBInfo != 0 {
		if len(rest) < 8 {
			return XactEnd{}, errPayload("transaction end", len(main), 20)
		}
		v.Database, rest = le.Uint32(rest), rest[8:]
	}
	if bits&xactHasSubxacts != 0 {
		xids, _, err := xidArray(rest)
		if err != nil {
			return XactEnd{}, err
		}
		v.Subxacts = xids
	}
	return v, nil
}

// Assignment ties subtransactions to their top-level transaction.
type Assignment struct {
	Top      uint32
	Subxacts []uint32
}

func (v Assignment) Append(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(le.AppendUint32(dst, v.Top), uint32(len(v.Subxacts)))
	for _, x := range v.Subxacts {
		dst = le.AppendUint32(dst, x)
	}
	return dst
}

func DecodeAssignment(main []byte) (Assignment, error) {
	if len(main) < 8 {
		return Assignment{}, errPayload("assignment", len(main), 8)
	}
	xids, _, err := xidArray(main[4:])
	return Assignment{binary.LittleEndian.Uint32(main), xids}, err
}

// xidArray reads a count and as many transaction numbers.
func xidArray(src []byte) (xids []uint32, rest []byte, err error) {
	if len(src) < 4 {
		return nil, nil, errPayload("transaction list", len(src), 4)
	}
	n := int64(int32(binary.LittleEndian.Uint32(src)))
	src = src[4:]
	if n < 0 || n*4 > int64(len(src)) {
		return nil, nil, fmt.Errorf("transaction list of %d entries in %d bytes: %w", n, len(src), ErrCorrupt)
	}
	xids = make([]uint32, n)
	for i := range xids {
		xids[i] = binary.LittleEndian.Uint32(src[4*i:])
	}
	return xids, src[4*n:], nil
}
