package controlfile

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// CheckPointSize is the length of a checkpoint record's payload.
const CheckPointSize = 88

// A CheckPoint is the payload of a checkpoint record, of which pg_control keeps a copy. It says
// where redo begins and what the counters were there.
type CheckPoint struct {
	Redo           wal.LSN
	ThisTimeline   wal.TimelineID
	PrevTimeline   wal.TimelineID // differs from ThisTimeline if the record begins a timeline
	FullPageWrites bool

	NextXid      uint64 // epoch<<32 | xid
	NextOid      uint32
	NextMulti    uint32
	NextOffset   uint32
	OldestXid    uint32
	OldestXidDB  uint32
	OldestMulti  uint32
	OldestMultDB uint32
	Time         time.Time // seconds

	OldestCommitTsXid uint32
	NewestCommitTsXid uint32
	OldestActiveXid   uint32
}

// FirstCheckPoint is the checkpoint that begins a log, with the counters that initdb uses.
func FirstCheckPoint(redo wal.LSN, now time.Time) CheckPoint {
	return CheckPoint{
		Redo: redo, ThisTimeline: 1, PrevTimeline: 1, FullPageWrites: true,
		NextXid: 3, NextOid: 10000, NextMulti: 1, OldestXid: 3, OldestXidDB: 1,
		OldestMulti: 1, OldestMultDB: 1, Time: now,
	}
}

// Append encodes the checkpoint. On disk: never renumber.
func (c CheckPoint) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, uint64(c.Redo))
	b = le.AppendUint32(b, uint32(c.ThisTimeline))
	b = le.AppendUint32(b, uint32(c.PrevTimeline))
	b = append(b, flag(c.FullPageWrites), 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint64(b, c.NextXid)
	for _, v := range []uint32{
		c.NextOid, c.NextMulti, c.NextOffset, c.OldestXid, c.OldestXidDB, c.OldestMulti, c.OldestMultDB, 0,
	} {
		b = le.AppendUint32(b, v)
	}
	b = le.AppendUint64(b, uint64(c.Time.Unix()))
	for _, v := range []uint32{c.OldestCommitTsXid, c.NewestCommitTsXid, c.OldestActiveXid, 0} {
		b = le.AppendUint32(b, v)
	}
	return b
}

// DecodeCheckPoint decodes a checkpoint record's payload.
func DecodeCheckPoint(b []byte) (CheckPoint, error) {
	if len(b) < CheckPointSize {
		return CheckPoint{}, fmt.Errorf("checkpoint of %d bytes: want %d", len(b), CheckPointSize)
	}
	le := binary.LittleEndian
	u32 := func(at int) uint32 { return le.Uint32(b[at:]) }
	return CheckPoint{
		Redo:         wal.LSN(le.Uint64(b)),
		ThisTimeline: wal.TimelineID(u32(8)), PrevTimeline: wal.TimelineID(u32(12)),
		FullPageWrites: b[16] != 0,
		NextXid:        le.Uint64(b[24:]),
		NextOid:        u32(32), NextMulti: u32(36), NextOffset: u32(40), OldestXid: u32(44),
		OldestXidDB: u32(48), OldestMulti: u32(52), OldestMultDB: u32(56),
		Time:              time.Unix(int64(le.Uint64(b[64:])), 0).UTC(),
		OldestCommitTsXid: u32(72), NewestCommitTsXid: u32(76), OldestActiveXid: u32(80),
	}, nil
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}
