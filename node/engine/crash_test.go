package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// acknowledged is what a client had been told by a number of operations of the disk.
type acknowledged struct {
	ops int
	n   int // keys 0 to n-1 are there
}

// TestPowerCutAtEveryPointLosesNothing cuts the power before operations all along a run with
// checkpoints and segment switches, with every kind of torn and lost write.
func TestPowerCutAtEveryPointLosesNothing(t *testing.T) {
	m := vfs.NewMem()
	initDir(t, m, kv.Module)
	m.Record()
	o := options(t, m, kv.Module)
	s := storeOf(t, primary(t, o), o)
	var acks []acknowledged
	const keys = 160
	for i := range keys {
		s.put(key(i), value(i))
		acks = append(acks, acknowledged{m.Ops(), i + 1})
		switch {
		case i%50 == 30:
			if err := s.Checkpoint(context.Background()); err != nil {
				t.Fatal(err)
			}
		case i%70 == 60:
			if _, err := s.SwitchWAL(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	closeEngine(t, s.Engine)

	step := 1
	if testing.Short() {
		step = 7
	}
	for op := 0; op <= m.Ops(); op += step {
		for variant := op % 3; variant < vfs.Variants+4; variant += 3 {
			want := 0
			for _, a := range acks {
				if a.ops <= op {
					want = a.n
				}
			}
			checkAfterCrash(t, m.Crash(op, variant), want, keys, fmt.Sprintf("power cut before operation %d, variant %d", op, variant))
			if t.Failed() {
				return
			}
		}
	}
}

func key(i int) string   { return fmt.Sprintf("key%05d", i) }
func value(i int) string { return strings.Repeat(string(rune('a'+i%26)), 200+i%500) }

// checkAfterCrash recovers a disk and looks for what was acknowledged: keys 0 to want-1, perhaps the
// one after, and no other.
func checkAfterCrash(t *testing.T, m *vfs.Mem, want, most int, when string) {
	t.Helper()
	o := options(t, m, kv.Module)
	e, err := engine.Open(context.Background(), o)
	if err != nil {
		t.Errorf("%s: %v", when, err)
		return
	}
	s := storeOf(t, e, o)
	defer s.Abort()
	if p := s.ReplayPause(); p != nil {
		t.Errorf("%s: replay paused: %v", when, p)
		return
	}
	got := int(s.count())
	if got < want || got > min(want+1, most) {
		t.Errorf("%s: %d keys, %d were acknowledged", when, got, want)
		return
	}
	for i := range got {
		if v := s.get(key(i)); v != value(i) {
			t.Errorf("%s: %s is %.20v, want %.20s", when, key(i), v, value(i))
			return
		}
	}
	if err := e.Promote(context.Background(), 1, ""); err != nil {
		t.Errorf("%s: promote: %v", when, err)
		return
	}
	if err := s.tryPut("after", "crash"); err != nil {
		t.Errorf("%s: put: %v", when, err)
	}
}

// TestCrashesDuringRecoveryLoseNothing kills recovery itself, again and again.
func TestCrashesDuringRecoveryLoseNothing(t *testing.T) {
	m := vfs.NewMem()
	s, _ := newStore(t, m, func(o *engine.Options) { o.SharedBuffers = 128 })
	for i := range 400 {
		s.put(key(i), value(i))
	}
	m = m.PowerCut(0)
	s.Abort()
	m.Record()
	o := options(t, m, kv.Module)
	e := primary(t, o)
	e.Abort()
	for op := 0; op <= m.Ops(); op += 3 {
		for variant := range vfs.Variants {
			checkAfterCrash(t, m.Crash(op, variant), 400, 400, fmt.Sprintf("recovery cut before operation %d, variant %d", op, variant))
			if t.Failed() {
				return
			}
		}
	}
}

// TestKilledProcessesLoseNothing kills the process over and over: what it had handed to the operating
// system stays. In between the power fails.
func TestKilledProcessesLoseNothing(t *testing.T) {
	m := vfs.NewMem()
	initDir(t, m, kv.Module)
	n := 0
	for round := range 60 {
		o := options(t, m, kv.Module)
		s := storeOf(t, primary(t, o), o)
		if got := int(s.count()); got != n {
			t.Fatalf("round %d: %d keys, want %d", round, got, n)
		}
		for range 23 {
			s.put(key(n), value(n))
			n++
		}
		if round%7 == 3 {
			if err := s.Checkpoint(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if round%10 == 9 {
			cut := m.PowerCut(round / 10 % vfs.Variants)
			s.Abort()
			m = cut
			continue
		}
		s.Abort()
	}
}
