package replslot_test

import (
	"testing"

	. "github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// disk is one on which the data directory is durable.
func disk(t *testing.T) *vfs.Mem {
	t.Helper()
	fs := vfs.NewMem()
	must(t, fs.MkdirAll("data", 0o700))
	must(t, fs.SyncDir("."))
	return fs
}

// A slot that is being made is nobody's but its maker's, and a crash leaves none: nobody was told of it.
func TestASlotThatIsBeingMade(t *testing.T) {
	fs := disk(t)
	s := openSlots(t, fs)
	must(t, s.Create(Slot{Name: "l", Logical: true, Plugin: "test_decoding", Ephemeral: true, RestartLSN: 100}, 7))
	_, _, err := s.Acquire("l", 8)
	wantCode(t, err, "55006")
	wantCode(t, s.Drop("l", 8, nil), "55006")
	s.Confirm("l", 300, 200)
	must(t, s.Save()) // as a checkpoint does
	if got := openSlots(t, fs.PowerCut(1)).List(); len(got) != 0 {
		t.Errorf("a crash leaves %+v", got)
	}

	must(t, s.Persist("l"))
	for name, s := range map[string]*Slots{"made": s, "after a crash": openSlots(t, fs.PowerCut(0))} {
		got, _, err := s.Acquire("l", 8)
		if err != nil || got.Ephemeral || got.RestartLSN != 200 || got.ConfirmedFlush != 300 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestASlotThatCouldNotBeMadeIsDroppedByItsMaker(t *testing.T) {
	fs := disk(t)
	s := openSlots(t, fs)
	must(t, s.Create(Slot{Name: "l", Logical: true, Ephemeral: true, RestartLSN: 100}, 7))
	must(t, s.Drop("l", 7, nil))
	must(t, s.Create(Slot{Name: "l", Logical: true, Ephemeral: true, RestartLSN: 100}, 7))
	if _, err := s.GiveUp(200); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.Persist("l"), "55000")
}
