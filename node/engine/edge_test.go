package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Groups of commits end a segment when the next would lie over its edge (wal/segment). A stop and a change of
// role settle first where their checkpoint lies, and that nothing but MODULES follows it, however near the edge is.
func TestNothingComesBetweenOrBehindAShutdownCheckpoint(t *testing.T) {
	for name, stop := range map[string]func(store) error{
		"close":  func(s store) error { return s.Close(context.Background()) },
		"demote": func(s store) error { return s.Demote(context.Background()) },
	} {
		for room := 150; room < 1500; room += 100 {
			m := vfs.NewMem()
			s, _ := newStore(t, m)
			leave(t, s, room)
			if err := stop(s); err != nil {
				t.Errorf("%s with %d bytes left of the segment: %v", name, room, err)
			}
			end := s.Log().InsertLSN()
			s.Abort()
			got := recordsFrom(t, m, s.ControlFile().CheckPoint)
			want := []string{fmt.Sprintf("%d/%02X", wal.RmgrXLOG, wal.XLogCheckpointShutdown), fmt.Sprintf("%d/00", wal.RmgrModules)}
			if !slices.Equal(got, want) {
				t.Errorf("%s with %d bytes left of the segment: the log up to %s ends with %v, want %v", name, room, end, got, want)
			}
		}
	}
}

// leave fills the log's segment but for room bytes or, at most, a restore point less.
func leave(t *testing.T, s store, room int) {
	t.Helper()
	left := func() int { return int(-s.Log().InsertLSN() & (1<<20 - 1)) }
	s.put("big", strings.Repeat("x", left()-20_000))
	for size := 0; left()-size >= room; {
		before := left()
		if _, err := s.RestorePoint(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		size = before - left()
	}
}

// recordsFrom names the records from one on, to the end of the log, by manager and operation.
func recordsFrom(t *testing.T, m *vfs.Mem, from wal.LSN) (names []string) {
	t.Helper()
	src := segment.NewSource(m, dir+"/pg_wal", 1<<20, wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: 1 << 20, SystemID: 77})
	for r.Seek(from); ; {
		rec, err := r.Next()
		var broken *wal.RecordError
		if errors.As(err, &broken) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprintf("%d/%02X", rec.Rmgr, rec.Op()))
	}
}
