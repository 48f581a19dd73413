package controlfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/wal"
)

// golden is the pg_control that PostgreSQL 15.18's initdb -k wrote.
func golden(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/pg15.control")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecodeReadsWhatPostgreSQLWrote(t *testing.T) {
	got, err := controlfile.Decode(golden(t))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 21, 9, 11, 41, 0, time.UTC)
	want := &controlfile.File{
		SystemID: 7710549917885785699, State: controlfile.ShutDown, Time: at,
		CheckPoint: 0x17414F0, UnloggedLSN: 1000,
		CheckPointCopy: wal.Checkpoint{
			Redo: 0x17414F0, Timeline: 1, PrevTimeline: 1, FullPageWrites: true,
			NextXid: 724, NextOID: 13572, NextMulti: 1, OldestXid: 716, OldestXidDB: 1,
			OldestMulti: 1, OldestMultiDB: 1, Time: at.Unix(),
		},
		WALLevel: controlfile.WALLevelReplica, MaxConnections: 100, MaxWorkerProcesses: 8,
		MaxWALSenders: 10, MaxLocksPerXact: 64, SegmentSize: wal.DefaultSegmentSize,
		DataChecksumVersion: 1, Nonce: got.Nonce,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEncodeIsByteForBytePostgreSQLs(t *testing.T) {
	want := golden(t)
	f, err := controlfile.Decode(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Encode(); !bytes.Equal(got, want) {
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("byte %d is %02X, want %02X", i, got[i], want[i])
			}
		}
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	for i := range 292 {
		for bit := range 8 {
			b := golden(t)[:controlfile.Size]
			b[i] ^= 1 << bit
			if _, err := controlfile.Decode(b); !errors.Is(err, controlfile.ErrCorrupt) {
				t.Errorf("bit %d of byte %d flipped: %v, want ErrCorrupt", bit, i, err)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(golden(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == controlfile.Size { // a right checksum, or nothing behind it is ever reached
			binary.LittleEndian.PutUint32(b[288:], crc32.Checksum(b[:288], crc32.MakeTable(crc32.Castagnoli)))
		}
		file, err := controlfile.Decode(b)
		if err != nil {
			return
		}
		again, err := controlfile.Decode(file.Encode())
		if err != nil {
			t.Fatalf("what was decoded does not survive encoding: %v", err)
		}
		if diff := cmp.Diff(file, again); diff != "" {
			t.Error(diff)
		}
	})
}
