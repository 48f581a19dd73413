package wal

import (
	"fmt"
	"strconv"
)

// Segment sizes, in bytes. A size is a power of two in this range.
const (
	MinSegmentSize     = 1 << 20
	MaxSegmentSize     = 1 << 30
	DefaultSegmentSize = 16 << 20
)

// ValidSegmentSize reports whether n can be a segment size.
func ValidSegmentSize(n uint64) bool {
	return n >= MinSegmentSize && n <= MaxSegmentSize && n&(n-1) == 0
}

// SegmentNumber is the number of the segment that holds the byte at lsn.
func SegmentNumber(lsn LSN, segSize uint64) uint64 { return uint64(lsn) / segSize }

// SegmentNumberOfEnd is the number of the segment that an end position belongs to: an end on a
// boundary is the end of the segment before it.
func SegmentNumberOfEnd(end LSN, segSize uint64) uint64 { return (uint64(end) - 1) / segSize }

// SegmentStart is the LSN of segment number n's first byte.
func SegmentStart(n, segSize uint64) LSN { return LSN(n * segSize) }

// SegmentName is the file name of the segment that holds the byte at lsn:
// 24 upper-case hexadecimal digits, "000000010000000000000007".
func SegmentName(tli TimelineID, lsn LSN, segSize uint64) string {
	perID := (1 << 32) / segSize
	n := SegmentNumber(lsn, segSize)
	return fmt.Sprintf("%08X%08X%08X", uint32(tli), n/perID, n%perID)
}

// ParseSegmentName is the inverse of SegmentName: the timeline and the segment's first LSN.
// ok is false for any other file name, a ".partial" one included.
func ParseSegmentName(name string, segSize uint64) (tli TimelineID, start LSN, ok bool) {
	if len(name) != 24 || !upperHex(name) {
		return 0, 0, false
	}
	t, _ := strconv.ParseUint(name[:8], 16, 32)
	id, _ := strconv.ParseUint(name[8:16], 16, 32)
	n, _ := strconv.ParseUint(name[16:], 16, 32)
	perID := (1 << 32) / segSize
	if t == 0 || n >= perID {
		return 0, 0, false
	}
	return TimelineID(t), SegmentStart(id*perID+n, segSize), true
}

// HistoryName is the file name of a timeline's history, "00000002.history".
func HistoryName(tli TimelineID) string { return fmt.Sprintf("%08X.history", uint32(tli)) }

// ParseHistoryName is the inverse of HistoryName.
func ParseHistoryName(name string) (TimelineID, bool) {
	if len(name) != len("00000002.history") || name[8:] != ".history" || !upperHex(name[:8]) {
		return 0, false
	}
	t, _ := strconv.ParseUint(name[:8], 16, 32)
	return TimelineID(t), t != 0
}

func upperHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('0' <= c && c <= '9' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}
