package rmgrtest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Workload writes records with a module's functions.
type Workload func(t testing.TB, e *Engine, rng *rand.Rand)

// Run is the conformance test of a module: everything once for each format that it writes. Without a
// workload it calls the module's writing functions with arguments drawn by type ([Arbitrary]).
func Run(t *testing.T, m rmgr.Module, work ...Workload) {
	if len(work) == 0 {
		work = []Workload{Arbitrary(m, 400)}
	}
	t.Run("the table takes it", func(t *testing.T) { NewEngine(m) })
	for _, r := range m.Managers {
		for f := r.Writes.Min; f <= r.Writes.Max; f++ {
			t.Run(fmt.Sprintf("%s format %d", r.Manager.Name(), f), func(t *testing.T) { runFormat(t, m, r, f, work) })
		}
	}
}

func runFormat(t *testing.T, m rmgr.Module, r rmgr.Registration, f rmgr.Format, work []Workload) {
	for _, images := range []bool{false, true} {
		e := NewEngine(m)
		e.Images = images
		e.SetFormat(r.ID, f)
		rng := rand.New(rand.NewPCG(uint64(f), 15))
		for _, w := range work {
			w(t, e, rng)
		}
		if len(e.Log) == 0 {
			t.Fatal("the workload wrote nothing")
		}
		if len(e.Signals) > 0 {
			t.Error("a record signalled the process that wrote it: only a process that replays is signalled")
		}
		name := "without images: "
		if images {
			name = "with images: "
		}
		t.Run(name+"a replica equals its primary", func(t *testing.T) { replicaEquals(t, e) })
		t.Run(name+"redo twice is redo once", func(t *testing.T) { redoTwice(t, e) })
		t.Run(name+"redo after any crash", func(t *testing.T) { redoAfterCrash(t, e, rng) })
		if _, ok := r.Manager.(rmgr.Pagewise); ok {
			t.Run(name+"redo of each page apart is redo", func(t *testing.T) { pagewise(t, e, r) })
		}
		if images {
			continue
		}
		t.Run("every record can be described and decoded", func(t *testing.T) { describeAndDecode(t, e, r) })
		t.Run("nothing is kept in a page's hole", func(t *testing.T) { emptyHoles(t, e) })
		t.Run("masking", func(t *testing.T) { masking(t, e, r) })
		t.Run("functions that read", func(t *testing.T) { readers(t, e, m, rand.New(rand.NewPCG(3, 15))) })
		t.Run("hostile bytes", func(t *testing.T) { hostile(t, e, r, rng) })
		t.Run("records that cannot be are refused", func(t *testing.T) { refusals(t, e, r) })
		t.Run("a panic in redo is an error", func(t *testing.T) { panicking(t, e, r) })
		t.Run("formats that it does not replay are refused", func(t *testing.T) { formatRefusals(t, e, r) })
	}
}

func replicaEquals(t testing.TB, e *Engine) {
	replica := Pages{}
	for _, m := range e.table.All() {
		if err := rmgr.Startup(m); err != nil {
			t.Fatalf("startup: %v", err)
		}
	}
	if err := e.Replay(replica, 0); err != nil {
		t.Fatal(err)
	}
	for _, m := range e.table.All() {
		if err := rmgr.Cleanup(m); err != nil {
			t.Fatalf("cleanup: %v", err)
		}
	}
	if key, differ := e.Differ(e.Pages, replica); differ {
		t.Errorf("block %d of %s differs", key.Block, key.Rel)
	}
}

func redoTwice(t testing.TB, e *Engine) {
	once, twice := Pages{}, Pages{}
	for i, entry := range e.Log {
		m, _ := e.table.Lookup(entry.Record.Rmgr)
		if err := errors.Join(once.Apply(m, entry, nil), twice.Apply(m, entry, nil)); err != nil {
			t.Fatal(err)
		}
		if err := twice.Apply(m, entry, nil); err != nil {
			t.Fatalf("record %d (%s) again: %v", i, m.Identify(entry.Record.Info), err)
		}
		for _, b := range entry.Record.Blocks {
			key := PageKey{b.Rel, b.Fork, b.Block}
			if !bytes.Equal(once[key], twice[key]) {
				t.Fatalf("record %d (%s) twice: block %d of %s differs", i, m.Identify(entry.Record.Info), b.Block, b.Rel)
			}
		}
	}
}

// redoAfterCrash stops after each record (some, in a long log), keeps any subset of the pages, each
// as some record before left it, and replays from the beginning and from the point of the crash.
func redoAfterCrash(t testing.TB, e *Engine, rng *rand.Rand) {
	stops := 60
	step := max(1, len(e.Log)/stops)
	before := []Pages{{}}
	for i, entry := range e.Log {
		m, _ := e.table.Lookup(entry.Record.Rmgr)
		now := before[len(before)-1].Clone()
		if err := now.Apply(m, entry, nil); err != nil {
			t.Fatal(err)
		}
		before = append(before, now)
		if i%step != 0 {
			continue
		}
		rest := now.Clone()
		if err := e.Replay(rest, i+1); err != nil {
			t.Fatalf("from record %d on: %v", i+1, err)
		}
		if key, differ := e.Differ(e.Pages, rest); differ {
			t.Fatalf("replayed from record %d on: block %d of %s differs", i+1, key.Block, key.Rel)
		}
		written := Pages{}
		for key := range now {
			if p := before[rng.IntN(len(before))][key]; p != nil && rng.IntN(3) > 0 {
				written[key] = p
			}
		}
		if err := e.Replay(written, 0); err != nil {
			t.Fatalf("after a crash at record %d: %v", i, err)
		}
		if key, differ := e.Differ(e.Pages, written); differ {
			t.Fatalf("after a crash at record %d: block %d of %s differs", i, key.Block, key.Rel)
		}
	}
}
