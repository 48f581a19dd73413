package wal

import (
	"encoding/binary"
	"fmt"
)

// Operations of the Standby manager, RmgrStandby. On disk: never renumber.
const (
	StandbyLock          uint8 = 0x00
	StandbyRunningXacts  uint8 = 0x10
	StandbyInvalidations uint8 = 0x20
)

// RunningXacts lists the transactions in progress, for hot standbys and logical decoding.
type RunningXacts struct {
	SubxidOverflow  bool
	NextXid         uint32
	OldestRunning   uint32
	LatestCompleted uint32
	Xids            []uint32 // top-level first
	Subxids         []uint32
}

// Append appends the payload: 24 bytes and 4 for each transaction.
func (v RunningXacts) Append(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, uint32(len(v.Xids)))
	dst = le.AppendUint32(dst, uint32(len(v.Subxids)))
	dst = append(appendBool(dst, v.SubxidOverflow), 0, 0, 0)
	dst = le.AppendUint32(dst, v.NextXid)
	dst = le.AppendUint32(dst, v.OldestRunning)
	dst = le.AppendUint32(dst, v.LatestCompleted)
	for _, xids := range [][]uint32{v.Xids, v.Subxids} {
		for _, x := range xids {
			dst = le.AppendUint32(dst, x)
		}
	}
	return dst
}

func DecodeRunningXacts(main []byte) (RunningXacts, error) {
	if len(main) < 24 {
		return RunningXacts{}, errPayload("running transactions", len(main), 24)
	}
	u32 := func(i int) uint32 { return binary.LittleEndian.Uint32(main[i:]) }
	n, sub := int64(int32(u32(0))), int64(int32(u32(4)))
	if n < 0 || sub < 0 || 24+4*(n+sub) > int64(len(main)) {
		return RunningXacts{}, fmt.Errorf("running transactions: %d+%d entries in %d bytes: %w", n, sub, len(main), ErrCorrupt)
	}
	v := RunningXacts{SubxidOverflow: main[8] != 0, NextXid: u32(12), OldestRunning: u32(16), LatestCompleted: u32(20)}
	for i := range int(n + sub) {
		if x := u32(24 + 4*i); i < int(n) {
			v.Xids = append(v.Xids, x)
		} else {
			v.Subxids = append(v.Subxids, x)
		}
	}
	return v, nil
}
