package checkpoint_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/wal"
)

func TestPace(t *testing.T) {
	began := time.Unix(1700000000, 0)
	pace := checkpoint.Pace{Target: 0.9, Timeout: 100 * time.Second, Distance: 1000, Began: began, From: 5000}
	for name, c := range map[string]struct {
		pace        checkpoint.Pace
		done, total int
		after       time.Duration
		log         int
		want        bool
	}{
		"half done, early by both":              {pace, 50, 100, 44 * time.Second, 440, true},
		"exactly on schedule":                   {pace, 50, 100, 45 * time.Second, 450, true},
		"late by the clock":                     {pace, 50, 100, 46 * time.Second, 0, false},
		"late by the log: max_wal_size is near": {pace, 50, 100, 0, 451, false},
		"done, with a tenth of the time left":   {pace, 100, 100, 90 * time.Second, 900, true},
		"the next is due already":               {pace, 100, 100, 100 * time.Second, 0, false},
		"a target of nothing never rests":       {checkpoint.Pace{Timeout: time.Hour, Distance: 1000, Began: began, From: 5000}, 1, 100, 0, 0, false},
		"nothing to write":                      {pace, 0, 0, 0, 1, false},
		"replay stands before where it began":   {pace, 1, 100, 0, -10, true},
	} {
		if got := c.pace.Ahead(c.done, c.total, began.Add(c.after), pace.From+wal.LSN(c.log)); got != c.want {
			t.Errorf("%s: ahead is %t, want %t", name, got, c.want)
		}
	}
}

func TestDistanceLeavesRoomForTwoCheckpointsInMaxWALSize(t *testing.T) {
	for target, want := range map[float64]wal.LSN{0: 1 << 30, 0.5: (2 << 30) / 3, 0.9: 565127275, 1: 1 << 29} {
		if got := checkpoint.Distance(1<<30, target); got != want {
			t.Errorf("target %g: %d, want %d", target, got, want)
		}
	}
}

// The words and units are those of PostgreSQL's "checkpoint complete" line.
func TestReport(t *testing.T) {
	r := checkpoint.Report{Buffers: 43, Pool: 16384, Added: 1, Removed: 2, Recycled: 3, Write: 4234567 * time.Microsecond, Sync: 12 * time.Millisecond, Total: 4300 * time.Millisecond, Distance: 16777216, Estimate: 20 << 20}
	r.Files.Add(3 * time.Millisecond)
	r.Files.Add(5 * time.Millisecond)
	want := []any{
		"buffers", 43, "buffersPercent", 0.3, "walAdded", 1, "walRemoved", 2, "walRecycled", 3,
		"write", 4.235, "sync", 0.012, "total", 4.3, "syncFiles", 2, "longest", 0.005, "average", 0.004,
		"distanceKB", int64(16384), "estimateKB", int64(20480),
	}
	if got := r.Attributes(); !slices.Equal(got, want) {
		t.Errorf("is   %s\nwant %s", fmt.Sprint(got...), fmt.Sprint(want...))
	}
	if got := fmt.Sprint(checkpoint.Report{}.Attributes()...); got == "" {
		t.Error("nothing is said of a checkpoint that wrote nothing")
	}
}
