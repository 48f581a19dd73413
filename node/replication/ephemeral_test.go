package replication_test

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// settling is a decoder of which only is used what a slot needs that is being made.
type settling struct {
	LogicalHandler
	settle func() (wal.LSN, error)
}

func (settling) CheckPlugin(string) error                  { return nil }
func (s settling) Settle(context.Context) (wal.LSN, error) { return s.settle() }

// A crash while CREATE_REPLICATION_SLOT … LOGICAL waits leaves no slot: nobody was told of it, and it would
// hold log for ever.
func TestALogicalSlotIsThereOnceItWasMade(t *testing.T) {
	fs := vfs.NewMem()
	m := machineIn(t, "a", fs, false)
	afterCrash := func() []replslot.Slot {
		slots, err := replslot.Open(replslot.Options{FS: fs.PowerCut(1), Dir: "pg_replslot"})
		if err != nil {
			t.Fatal(err)
		}
		return slots.List()
	}
	var settled error
	server := NewServer(Options{
		SystemID: system, SegmentSize: mib, Log: m, Slots: m.slots, Sync: m.sync, Now: time.Now,
		Logical: settling{settle: func() (wal.LSN, error) {
			if got := afterCrash(); len(got) != 0 {
				t.Errorf("a crash now leaves %+v", got)
			}
			if _, _, err := m.slots.Acquire("l", 2); err == nil {
				t.Error("another session can use it already")
			}
			return 2 * mib, settled
		}},
	})
	settled = errors.New("no")
	if _, err := server.CreateLogicalSlot(t.Context(), 1, "l", "test_decoding", false); !errors.Is(err, settled) {
		t.Errorf("got %v", err)
	}
	settled = nil
	if _, err := server.CreateLogicalSlot(t.Context(), 1, "l", "test_decoding", false); err != nil {
		t.Fatal(err)
	}
	if got := afterCrash(); len(got) != 1 || got[0].ConfirmedFlush != 2*mib {
		t.Errorf("a crash now leaves %+v", got)
	}
	if _, _, err := m.slots.Acquire("l", 2); err != nil {
		t.Error(err)
	}
}
