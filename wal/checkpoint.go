package wal

import "encoding/binary"

// CheckpointSize is the payload's length in bytes; pg_control holds a copy of the same form.
const CheckpointSize = 88

// A Checkpoint is the payload of a checkpoint record: from Redo on, replay makes the database whole.
// A shutdown checkpoint's Redo is its own LSN.
type Checkpoint struct {
	Redo           LSN
	Timeline       TimelineID
	PrevTimeline   TimelineID // differs from Timeline only if this record begins the timeline
	FullPageWrites bool
	NextXid        uint64 // epoch<<32 | xid
	NextOID        uint32
	NextMulti      uint32
	NextMultiOff   uint32
	OldestXid      uint32
	OldestXidDB    uint32
	OldestMulti    uint32
	OldestMultiDB  uint32
	Time           int64 // Unix seconds

	OldestCommitTsXid uint32
	NewestCommitTsXid uint32
	OldestActiveXid   uint32
}

// Append appends the 88 bytes of PostgreSQL 15's form.
func (c *Checkpoint) Append(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint64(dst, uint64(c.Redo))
	dst = le.AppendUint32(dst, uint32(c.Timeline))
	dst = le.AppendUint32(dst, uint32(c.PrevTimeline))
	dst = append(appendBool(dst, c.FullPageWrites), 0, 0, 0, 0, 0, 0, 0)
	dst = le.AppendUint64(dst, c.NextXid)
	for _, v := range []uint32{c.NextOID, c.NextMulti, c.NextMultiOff, c.OldestXid, c.OldestXidDB, c.OldestMulti, c.OldestMultiDB, 0} {
		dst = le.AppendUint32(dst, v)
	}
	dst = le.AppendUint64(dst, uint64(c.Time))
	for _, v := range []uint32{c.OldestCommitTsXid, c.NewestCommitTsXid, c.OldestActiveXid, 0} {
		dst = le.AppendUint32(dst, v)
	}
	return dst
}

// DecodeCheckpoint reads the forms of PostgreSQL 15 to 18; wal_level, which 17 put into a gap, is
// passed over.
func DecodeCheckpoint(main []byte) (Checkpoint, error) {
	if len(main) < CheckpointSize {
		return Checkpoint{}, errPayload("checkpoint", len(main), CheckpointSize)
	}
	u32 := func(i int) uint32 { return binary.LittleEndian.Uint32(main[i:]) }
	u64 := func(i int) uint64 { return binary.LittleEndian.Uint64(main[i:]) }
	return Checkpoint{
		Redo:              LSN(u64(0)),
		Timeline:          TimelineID(u32(8)),
		PrevTimeline:      TimelineID(u32(12)),
		FullPageWrites:    main[16] != 0,
		NextXid:           u64(24),
		NextOID:           u32(32),
		NextMulti:         u32(36),
		NextMultiOff:      u32(40),
		OldestXid:         u32(44),
		OldestXidDB:       u32(48),
		OldestMulti:       u32(52),
		OldestMultiDB:     u32(56),
		Time:              int64(u64(64)),
		OldestCommitTsXid: u32(72),
		NewestCommitTsXid: u32(76),
		OldestActiveXid:   u32(80),
	}, nil
}
