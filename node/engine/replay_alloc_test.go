package engine_test

import (
	"runtime"
	"testing"

	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// recoveryOf counts the allocations of a start that has n records to replay.
func recoveryOf(t *testing.T, n int) uint64 {
	m := vfs.NewMem()
	s, o := newStore(t, m)
	for i := range n {
		s.put("key", string(rune('a'+i%26)))
	}
	s.Abort()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	e := open(t, o)
	runtime.ReadMemStats(&after)
	e.Abort()
	return after.Mallocs - before.Mallocs
}

// Scanning and replaying a record allocates nothing: a start with more records makes no more allocations
// than their pages and reads of the log account for.
func TestReplayDoesNotAllocatePerRecord(t *testing.T) {
	const few, many = 1000, 9000
	little, much := recoveryOf(t, few), recoveryOf(t, many)
	if perRecord := (float64(much) - float64(little)) / (many - few); perRecord > 0.1 {
		t.Errorf("%.2f allocations per record (%d for %d, %d for %d)", perRecord, little, few, much, many)
	}
}
