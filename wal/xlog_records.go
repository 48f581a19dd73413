package wal

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Operations of the XLOG manager, RmgrXLOG. On disk: never renumber (catalog/pg_control.h).
const (
	XLogCheckpointShutdown  uint8 = 0x00
	XLogCheckpointOnline    uint8 = 0x10
	XLogNoop                uint8 = 0x20
	XLogNextOID             uint8 = 0x30
	XLogSwitch              uint8 = 0x40
	XLogBackupEnd           uint8 = 0x50
	XLogParameterChange     uint8 = 0x60
	XLogRestorePoint        uint8 = 0x70
	XLogFPWChange           uint8 = 0x80
	XLogEndOfRecovery       uint8 = 0x90
	XLogFPIForHint          uint8 = 0xA0
	XLogFPI                 uint8 = 0xB0
	XLogOverwriteContRecord uint8 = 0xD0
	XLogCheckpointRedo      uint8 = 0xE0 // PostgreSQL 17 and later
)

// WALLevel is how much the log tells. On disk: never renumber.
type WALLevel int32

const (
	WALMinimal WALLevel = 0
	WALReplica WALLevel = 1
	WALLogical WALLevel = 2
)

// Times in records are microseconds since 2000-01-01 UTC. A record's payload is decoded by
// Decode<Name>(rec.Main), and appended to main data by its Append method.

// EpochMicros is PostgreSQL's epoch, 2000-01-01 UTC, in Unix microseconds.
const EpochMicros = 946684800000000

func errPayload(what string, got, want int) error {
	return fmt.Errorf("%s: %d bytes of main data, want %d: %w", what, got, want, ErrCorrupt)
}

// A BackupEnd closes an online backup: the log from Start on is what the backup needs up to here.
type BackupEnd struct{ Start LSN }

func (v BackupEnd) Append(dst []byte) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(v.Start))
}

func DecodeBackupEnd(main []byte) (BackupEnd, error) {
	if len(main) < 8 {
		return BackupEnd{}, errPayload("backup end", len(main), 8)
	}
	return BackupEnd{LSN(binary.LittleEndian.Uint64(main))}, nil
}

// EndOfRecovery is the first record of a new timeline.
type EndOfRecovery struct {
	Time         int64
	Timeline     TimelineID
	PrevTimeline TimelineID
}

func (v EndOfRecovery) Append(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint64(dst, uint64(v.Time))
	dst = le.AppendUint32(dst, uint32(v.Timeline))
	return le.AppendUint32(dst, uint32(v.PrevTimeline))
}

// DecodeEndOfRecovery also reads the longer form of PostgreSQL 17 and later.
func DecodeEndOfRecovery(main []byte) (EndOfRecovery, error) {
	if len(main) < 16 {
		return EndOfRecovery{}, errPayload("end of recovery", len(main), 16)
	}
	le := binary.LittleEndian
	return EndOfRecovery{int64(le.Uint64(main)), TimelineID(le.Uint32(main[8:])), TimelineID(le.Uint32(main[12:]))}, nil
}

// OverwriteContRecord says that the record at Overwritten was begun and lost in a crash.
type OverwriteContRecord struct {
	Overwritten LSN
	Time        int64
}

func (v OverwriteContRecord) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(v.Overwritten))
	return binary.LittleEndian.AppendUint64(dst, uint64(v.Time))
}

func DecodeOverwriteContRecord(main []byte) (OverwriteContRecord, error) {
	if len(main) < 16 {
		return OverwriteContRecord{}, errPayload("overwritten record", len(main), 16)
	}
	le := binary.LittleEndian
	return OverwriteContRecord{LSN(le.Uint64(main)), int64(le.Uint64(main[8:]))}, nil
}

// RestorePointNameSize is the room for a restore point's name, its NUL included, in bytes.
const RestorePointNameSize = 64

// A RestorePoint names a position that recovery can stop at.
type RestorePoint struct {
	Time int64
	Name string // at most 63 bytes
}

func (v RestorePoint) Append(dst []byte) []byte {
	var name [RestorePointNameSize]byte
	copy(name[:RestorePointNameSize-1], v.Name)
	return append(binary.LittleEndian.AppendUint64(dst, uint64(v.Time)), name[:]...)
}

func DecodeRestorePoint(main []byte) (RestorePoint, error) {
	if len(main) < 8+RestorePointNameSize {
		return RestorePoint{}, errPayload("restore point", len(main), 8+RestorePointNameSize)
	}
	name, _, _ := bytes.Cut(main[8:8+RestorePointNameSize], []byte{0})
	return RestorePoint{int64(binary.LittleEndian.Uint64(main)), string(name)}, nil
}

// FPWChange says that full_page_writes was switched.
type FPWChange struct{ On bool }

func (v FPWChange) Append(dst []byte) []byte { return appendBool(dst, v.On) }

func DecodeFPWChange(main []byte) (FPWChange, error) {
	if len(main) < 1 {
		return FPWChange{}, errPayload("full_page_writes change", 0, 1)
	}
	return FPWChange{main[0] != 0}, nil
}

// NextOID reserves object numbers up to and without OID.
type NextOID struct{ OID uint32 }

func (v NextOID) Append(dst []byte) []byte { return binary.LittleEndian.AppendUint32(dst, v.OID) }

func DecodeNextOID(main []byte) (NextOID, error) {
	if len(main) < 4 {
		return NextOID{}, errPayload("next oid", len(main), 4)
	}
	return NextOID{binary.LittleEndian.Uint32(main)}, nil
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}
