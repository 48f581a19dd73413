package txn_test

import (
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/txn"
	"github.com/redoubt-wal/redoubt/wal"
)

func TestXidsSkipTheSpecialOnesWhenTheyWrapAround(t *testing.T) {
	var x txn.Xids
	x.Reset(0xFFFFFFFE)
	var got []uint32
	for range 4 {
		got = append(got, x.Assign())
	}
	if want := [4]uint32{0xFFFFFFFE, 0xFFFFFFFF, 3, 4}; [4]uint32(got) != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := x.Next(); got != 1<<32|5 {
		t.Errorf("next is %X", got)
	}
}

func TestSeenOnlyMovesForward(t *testing.T) {
	var x txn.Xids
	x.Reset(100)
	for _, seen := range []uint32{50, 0, 99, 120, 110} {
		x.Seen(seen)
	}
	if got := x.Next(); got != 121 {
		t.Errorf("next is %d, want 121", got)
	}
	x.Reset(0xFFFFFFF0)
	x.Seen(5) // after the wrap
	if got := x.Next(); got != 1<<32|6 {
		t.Errorf("next is %X, want %X", got, uint64(1<<32|6))
	}
}

func TestCommitIsPostgreSQLsSmallest(t *testing.T) {
	var b wal.Builder
	if err := txn.Commit(&b, 7, time.Date(2000, 1, 1, 0, 0, 1, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if b.Len() != 34 {
		t.Errorf("%d bytes, want 34", b.Len())
	}
}
