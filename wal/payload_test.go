package wal_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
)

// codec decodes, and encodes what it decoded.
type codec func(main []byte) (value any, back []byte, err error)

func of[T interface{ Append([]byte) []byte }](decode func([]byte) (T, error)) codec {
	return func(main []byte) (any, []byte, error) {
		v, err := decode(main)
		if err != nil {
			return nil, nil, err
		}
		return v, v.Append(nil), nil
	}
}

func decodeCheckpoint(main []byte) (*wal.Checkpoint, error) {
	c, err := wal.DecodeCheckpoint(main)
	return &c, err
}

var payloads = map[string]struct {
	decode codec
	size   int // of the value below, encoded
	value  interface{ Append([]byte) []byte }
}{
	"backup end":           {of(wal.DecodeBackupEnd), 8, wal.BackupEnd{Start: 7}},
	"end of recovery":      {of(wal.DecodeEndOfRecovery), 16, wal.EndOfRecovery{Time: 1, Timeline: 3, PrevTimeline: 2}},
	"overwritten record":   {of(wal.DecodeOverwriteContRecord), 16, wal.OverwriteContRecord{Overwritten: 0x1001, Time: -1}},
	"restore point":        {of(wal.DecodeRestorePoint), 72, wal.RestorePoint{Time: 5, Name: "before the sale"}},
	"full_page_writes":     {of(wal.DecodeFPWChange), 1, wal.FPWChange{On: true}},
	"next oid":             {of(wal.DecodeNextOID), 4, wal.NextOID{OID: 24576}},
	"parameter change":     {of(wal.DecodeParameterChange), 28, wal.ParameterChange{MaxConnections: 100, MaxWorkerProcesses: 8, MaxWALSenders: 10, MaxPreparedXacts: 1, MaxLocksPerXact: 64, WALLevel: wal.WALLogical, TrackCommitTimestamp: true}},
	"checkpoint":           {of(decodeCheckpoint), 88, &wal.Checkpoint{Redo: 0x1000028, Timeline: 2, PrevTimeline: 1, NextXid: 1<<32 | 5, NextOID: 6, NextMulti: 7, NextMultiOff: 8, OldestXid: 9, OldestXidDB: 10, OldestMulti: 11, OldestMultiDB: 12, Time: 13, OldestCommitTsXid: 14, NewestCommitTsXid: 15, OldestActiveXid: 16}},
	"assignment":           {of(wal.DecodeAssignment), 16, wal.Assignment{Top: 3, Subxacts: []uint32{4, 5}}},
	"running transactions": {of(wal.DecodeRunningXacts), 36, wal.RunningXacts{SubxidOverflow: true, NextXid: 9, OldestRunning: 5, LatestCompleted: 8, Xids: []uint32{5, 7}, Subxids: []uint32{6}}},
	"logical message":      {of(wal.DecodeLogicalMessage), 31, wal.LogicalMessage{Database: 5, Transactional: true, Prefix: "test", Payload: []byte{0, 1}}},
}

func TestPayloadsSurviveARoundTrip(t *testing.T) {
	for name, p := range payloads {
		t.Run(name, func(t *testing.T) {
			main := p.value.Append(nil)
			if len(main) != p.size {
				t.Errorf("%d bytes, want %d", len(main), p.size)
			}
			got, back, err := p.decode(main)
			if err != nil || !reflect.DeepEqual(got, p.value) || string(back) != string(main) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, p.value)
			}
		})
	}
}

func TestShortPayloadsAreCorrupt(t *testing.T) {
	for name, p := range payloads {
		t.Run(name, func(t *testing.T) {
			main := p.value.Append(nil)
			for n := range main {
				if _, _, err := p.decode(main[:n]); !errors.Is(err, wal.ErrCorrupt) {
					t.Fatalf("%d of %d bytes: %v, want ErrCorrupt", n, len(main), err)
				}
			}
		})
	}
}

func TestTransactionEnds(t *testing.T) {
	for name, v := range map[string]wal.XactEnd{
		"time only":            {Time: 816_000_000_000_000},
		"with database":        {Time: 1, Database: 5},
		"with subtransactions": {Time: 1, Subxacts: []uint32{8, 9}},
		"with both":            {Time: 1, Database: 5, Subxacts: []uint32{8}},
	} {
		t.Run(name, func(t *testing.T) {
			main, info := v.Append(nil)
			if got, err := wal.DecodeXactEnd(info, main); err != nil || !reflect.DeepEqual(got, v) {
				t.Errorf("got %+v, %v, want %+v", got, err, v)
			}
			for n := range main {
				if _, err := wal.DecodeXactEnd(info, main[:n]); !errors.Is(err, wal.ErrCorrupt) {
					t.Fatalf("%d of %d bytes: %v, want ErrCorrupt", n, len(main), err)
				}
			}
		})
	}
}

func TestTheCheckpointOfPostgreSQL17IsRead(t *testing.T) {
	c := wal.Checkpoint{Redo: 9, FullPageWrites: true, NextXid: 3}
	main := c.Append(nil)
	main[20] = byte(wal.WALLogical) // 17 put wal_level into the gap
	if got, err := wal.DecodeCheckpoint(main); err != nil || got != c {
		t.Errorf("got %+v, %v", got, err)
	}
}
