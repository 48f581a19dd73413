package wal_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
)

func TestSegmentNames(t *testing.T) {
	tests := []struct {
		tli     wal.TimelineID
		lsn     wal.LSN
		segSize uint64
		want    string
	}{
		{1, 0x1000000, 16 << 20, "000000010000000000000001"},
		{1, 0x16B3748F8, 16 << 20, "00000001000000010000006B"},
		{2, 0xFFFFFFFF, 16 << 20, "0000000200000000000000FF"},
		{0xAB, 0x100000, 1 << 20, "000000AB0000000000000001"},
		{1, 0xFFFFFFFF, 1 << 20, "000000010000000000000FFF"},
		{1, 1 << 32, 1 << 30, "000000010000000100000000"},
	}
	for _, tt := range tests {
		got := wal.SegmentName(tt.tli, tt.lsn, tt.segSize)
		if got != tt.want {
			t.Errorf("%s on %d is in %s, want %s", tt.lsn, tt.tli, got, tt.want)
		}
		tli, start, ok := wal.ParseSegmentName(got, tt.segSize)
		if !ok || tli != tt.tli || start != tt.lsn&^wal.LSN(tt.segSize-1) {
			t.Errorf("%s parses as %d, %s, %t", got, tli, start, ok)
		}
	}
	for _, name := range []string{"", "archive_status", "000000010000000000000001.partial", "00000002.history",
		"00000001000000000000000a", "000000000000000000000001", "000000010000000000000100"} {
		if _, _, ok := wal.ParseSegmentName(name, 16<<20); ok {
			t.Errorf("%q is no segment", name)
		}
	}
	if tli, ok := wal.ParseHistoryName(wal.HistoryName(0x2B)); !ok || tli != 0x2B {
		t.Errorf("history name: %d, %t", tli, ok)
	}
}

func TestPositions(t *testing.T) {
	const seg = 1 << 20
	tests := map[string]struct {
		start wal.LSN
		total uint32
		end   wal.LSN
		next  wal.LSN
	}{
		"within a page":                   {0x100028, 24, 0x100040, 0x100040},
		"padded":                          {0x100028, 25, 0x100048, 0x100048},
		"up to a page's end":              {0x101FE8, 24, 0x102000, 0x102018},
		"one byte over":                   {0x101FE8, 25, 0x102020, 0x102020},
		"over a whole page":               {0x101FE8, 24 + 8168 + 8, 0x104020, 0x104020},
		"into the next segment":           {0x1FFFE8, 32, 0x200030, 0x200030},
		"up to the segment's end exactly": {0x1FFFE8, 24, 0x200000, 0x200028},
	}
	for name, tt := range tests {
		if got := wal.RecordEnd(tt.start, tt.total, seg); got != tt.end {
			t.Errorf("%s: ends at %s, want %s", name, got, tt.end)
		}
		if got := wal.RecordStart(tt.end, seg); got != tt.next {
			t.Errorf("%s: next starts at %s, want %s", name, got, tt.next)
		}
	}
}
