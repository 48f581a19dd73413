package replslot_test

import (
	"errors"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	. "github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func openSlots(t *testing.T, fs vfs.FS) *Slots {
	t.Helper()
	s, err := Open(Options{FS: fs, Dir: "data/pg_replslot", Max: 3})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e *rmgr.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("got %v, want SQLSTATE %s", err, code)
	}
}

func TestSlotsSurviveARestart(t *testing.T) {
	fs := vfs.NewMem()
	s := openSlots(t, fs)
	must(t, s.Create(Slot{Name: "a", RestartLSN: 0x1000028}, 1))
	must(t, s.Create(Slot{Name: "l", Logical: true, Plugin: "redoubt", RestartLSN: 0x1000100, ConfirmedFlush: 0x1000200}, 1))
	must(t, s.Create(Slot{Name: "tmp", Temporary: true, RestartLSN: 0x1000000}, 1))
	s.Advance("a", 0x2000000)
	s.Confirm("l", 0x2000300, 0x2000200)
	must(t, s.Save())

	want := []Slot{
		{Name: "a", RestartLSN: 0x2000000},
		{Name: "l", Logical: true, Plugin: "redoubt", RestartLSN: 0x2000200, ConfirmedFlush: 0x2000300},
	}
	if diff := cmp.Diff(want, openSlots(t, fs).List()); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
}

func TestASlotHoldsBackWhatACrashMayNeed(t *testing.T) {
	s := openSlots(t, vfs.NewMem())
	must(t, s.Create(Slot{Name: "none"}, 1))
	if got := s.Oldest(); got != 0 {
		t.Errorf("a slot that reserves nothing holds back %s", got)
	}
	must(t, s.Create(Slot{Name: "a", RestartLSN: 100}, 1))
	must(t, s.Create(Slot{Name: "b", RestartLSN: 200}, 1))
	s.Advance("a", 300)
	if got := s.Oldest(); got != 100 {
		t.Errorf("before it is saved: %s, want 0/64", got)
	}
	must(t, s.Save())
	if got := s.Oldest(); got != 200 {
		t.Errorf("after it is saved: %s, want 0/C8", got)
	}
	s.Advance("a", 250)
	if got, _ := s.Get("a"); got.RestartLSN != 300 {
		t.Errorf("a slot went back to %s", got.RestartLSN)
	}
}

func TestSlotRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openSlots(t, vfs.NewMem())
		must(t, s.Create(Slot{Name: "a"}, 1))
		must(t, s.Create(Slot{Name: "mine", Temporary: true}, 1))
		wantCode(t, s.Create(Slot{Name: "a"}, 1), "42710")
		wantCode(t, s.Create(Slot{Name: "A"}, 1), "42602")
		wantCode(t, s.Create(Slot{Name: ""}, 1), "42602")
		wantCode(t, s.Create(Slot{Name: "../../etc"}, 1), "42602")
		wantCode(t, s.Drop("b", 1, nil), "42704")
		must(t, s.Create(Slot{Name: "c"}, 1))
		wantCode(t, s.Create(Slot{Name: "d"}, 1), "53400")

		_, _, err := s.Acquire("a", 1)
		must(t, err)
		_, _, err = s.Acquire("a", 2)
		wantCode(t, err, "55006")
		_, _, err = s.Acquire("mine", 2)
		wantCode(t, err, "55006")
		wantCode(t, s.Drop("a", 2, nil), "55006")

		dropped := make(chan error, 1)
		go func() { dropped <- s.Drop("a", 2, t.Context().Done()) }()
		synctest.Wait()
		s.Release("a")
		must(t, <-dropped)

		s.EndSession(1)
		if _, ok := s.Get("mine"); ok {
			t.Error("a temporary slot outlived its session")
		}
	})
}

func TestASlotThatHoldsBackTooMuchIsGivenUp(t *testing.T) {
	fs := vfs.NewMem()
	s := openSlots(t, fs)
	must(t, s.Create(Slot{Name: "far", RestartLSN: 100}, 1))
	must(t, s.Create(Slot{Name: "near", RestartLSN: 500}, 1))
	_, lost, err := s.Acquire("far", 7)
	must(t, err)
	names, err := s.GiveUp(400)
	must(t, err)
	if diff := cmp.Diff([]string{"far"}, names); diff != "" {
		t.Error(diff)
	}
	select {
	case <-lost:
	default:
		t.Error("the stream was not told")
	}
	s.Release("far")
	s.Advance("far", 1000)

	s = openSlots(t, fs)
	if got, _ := s.Get("far"); got.InvalidatedAt != 100 || got.RestartLSN != 0 {
		t.Errorf("after a restart: %+v", got)
	}
	if got := s.Oldest(); got != 500 {
		t.Errorf("it still holds back %s", got)
	}
	_, _, err = s.Acquire("far", 7)
	wantCode(t, err, "55000")
}

func TestACrashLeavesAWholeSlotOrNone(t *testing.T) {
	work := func(fs vfs.FS, done func(string)) {
		s, err := Open(Options{FS: fs, Dir: "data/pg_replslot"})
		if err != nil {
			return
		}
		if s.Create(Slot{Name: "a", RestartLSN: 100}, 1) != nil {
			return
		}
		done("created")
		s.Advance("a", 200)
		if s.Save() != nil {
			return
		}
		done("saved")
		if s.Drop("a", 1, nil) != nil {
			return
		}
		done("dropped")
	}
	fs := vfs.NewMem()
	must(t, fs.MkdirAll("data", 0o700))
	must(t, fs.SyncDir("."))
	fs.Record()
	reached := map[string]int{}
	work(fs, func(step string) { reached[step] = fs.Ops() })
	for at := range fs.Ops() + 1 {
		var want []wal.LSN // 0: no slot
		switch {
		case at >= reached["dropped"]:
			want = []wal.LSN{0}
		case at >= reached["saved"]:
			want = []wal.LSN{0, 200}
		case at >= reached["created"]:
			want = []wal.LSN{100, 200}
		default:
			want = []wal.LSN{0, 100}
		}
		for variant := range vfs.Variants {
			got, ok := openSlots(t, fs.Crash(at, variant)).Get("a")
			if !slices.Contains(want, got.RestartLSN) || ok != (got.RestartLSN != 0) {
				t.Errorf("crash before operation %d, variant %d: %+v, want restart_lsn of %s", at, variant, got, want)
			}
		}
	}
}

// A slot that reserved nothing when it was made holds back log from the first confirmation on, also
// when the disk is too full to note it.
func TestAFirstConfirmationHoldsBackLogAtOnce(t *testing.T) {
	fs := vfs.NewFault(vfs.NewMem())
	s := openSlots(t, fs)
	must(t, s.Create(Slot{Name: "a"}, 1))
	s.Advance("a", 0x1000000)
	fs.Add(&vfs.Rule{Op: vfs.OpWrite, Path: "state*", Err: syscall.ENOSPC})
	if err := s.Save(); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Save on a full disk: %v", err)
	}
	s.Advance("a", 0x2000000)
	if got := s.Oldest(); got != 0x1000000 {
		t.Errorf("Oldest is %s, want 0/1000000", got)
	}
}
