package wal

import "encoding/binary"

// ParameterChangeSize is the payload's length in bytes.
const ParameterChangeSize = 28

// ParameterChange carries the settings of the primary that a standby must be able to bear.
type ParameterChange struct {
	MaxConnections       int32
	MaxWorkerProcesses   int32
	MaxWALSenders        int32
	MaxPreparedXacts     int32
	MaxLocksPerXact      int32
	WALLevel             WALLevel
	WALLogHints          bool
	TrackCommitTimestamp bool
}

func (v ParameterChange) Append(dst []byte) []byte {
	for _, n := range []int32{v.MaxConnections, v.MaxWorkerProcesses, v.MaxWALSenders, v.MaxPreparedXacts, v.MaxLocksPerXact, int32(v.WALLevel)} {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	}
	dst = appendBool(appendBool(dst, v.WALLogHints), v.TrackCommitTimestamp)
	return append(dst, 0, 0)
}

func DecodeParameterChange(main []byte) (ParameterChange, error) {
	if len(main) < ParameterChangeSize {
		return ParameterChange{}, errPayload("parameter change", len(main), ParameterChangeSize)
	}
	at := func(i int) int32 { return int32(binary.LittleEndian.Uint32(main[i:])) }
	return ParameterChange{at(0), at(4), at(8), at(12), at(16), WALLevel(at(20)), main[24] != 0, main[25] != 0}, nil
}
