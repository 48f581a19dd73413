package kv_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
)

var long = flag.Bool("long", false, "a million random operations instead of fifty thousand")

// Random operations against a map, and crashes at random records: what was on disk then is a mixture
// of old, newer and torn pages, redo makes the store of that moment out of it, and work goes on there.
func TestRandomOperationsAndCrashes(t *testing.T) {
	operations := 50_000
	if *long {
		operations = 1_000_000
	}
	if testing.Short() {
		operations = 5_000
	}
	for _, images := range []bool{true, false} {
		t.Run(fmt.Sprintf("full-page images %t", images), func(t *testing.T) {
			t.Parallel()
			r := &randomRun{t: t, rng: rand.New(rand.NewPCG(251, uint64(operations))), e: rmgrtest.NewEngine(kv.Module), want: map[string]string{}}
			r.e.Images = images
			crashes := 0
			if images {
				r.rng.Uint64() // another run
			}
			for done := 0; done < operations; {
				n := 1 + r.rng.IntN(1200)
				for range n {
					r.operate()
				}
				r.crash()
				r.compare()
				done, crashes = done+n, crashes+1
			}
			t.Logf("%d crashes; records: %v", crashes, r.seen)
			for _, name := range []string{"INSERT", "UPDATE", "DELETE", "SPLIT", "MERGE", "COLLAPSE", "CHAIN", "EXCHANGE", "RELEASE"} {
				if r.seen[name] == 0 && !testing.Short() {
					t.Errorf("no %s was met", name)
				}
			}
		})
	}
}

type randomRun struct {
	t       *testing.T
	rng     *rand.Rand
	e       *rmgrtest.Engine
	base    rmgrtest.Pages // before the first record of e.Log: what the last checkpoint has written
	want    map[string]string
	effects []effect
	shrinks int // operations for which deletes prevail
	sweep   int // the key that goes next then
	seen    map[string]int
}

// An effect is how to take back what a record did to the map.
type effect struct {
	record int // in e.Log
	key    string
	old    string
	had    bool
}

func (r *randomRun) operate() {
	if r.shrinks--; r.shrinks < -4000 {
		r.shrinks = 6000
	}
	keys := 1200
	if r.rng.IntN(3) == 0 {
		keys = 40 // some keys are popular
	}
	k := fmt.Sprintf("%0*d", 4+r.rng.IntN(2)*400, r.rng.IntN(keys))
	if r.shrinks > 0 && r.rng.IntN(4) > 0 {
		r.sweep++
		k = fmt.Sprintf("%0*d", 4+r.sweep/1200%2*400, r.sweep%1200)
	}
	old, had := r.want[k]
	logged := len(r.e.Log)
	puts := 70
	if r.shrinks > 0 {
		puts = 1
	}
	var value any
	if r.rng.IntN(100) < puts {
		value = r.value()
	}
	r.call(k, old, had, value)
	if v, put := value.(string); put {
		r.want[k] = v
	} else {
		delete(r.want, k)
	}
	for i := logged; i < len(r.e.Log); i++ {
		if name := kv.Module.Managers[0].Manager.Identify(r.e.Log[i].Record.Info); slices.Contains([]string{"INSERT", "UPDATE", "DELETE", "EXCHANGE"}, name) {
			r.effects = append(r.effects, effect{i, k, old, had})
		}
	}
}

func (r *randomRun) value() string {
	n := r.rng.IntN(100)
	switch p := r.rng.IntN(1000); {
	case p < 2:
		n = r.rng.IntN(300_000)
	case p < 40:
		n = r.rng.IntN(20_000)
	case p < 100:
		n = r.rng.IntN(3_000)
	}
	return fmt.Sprint(len(r.effects)) + strings.Repeat(string(rune('a'+r.rng.IntN(26))), n)
}

// call puts, or deletes if value is nil, in one of two ways.
func (r *randomRun) call(k, old string, had bool, value any) {
	var got any
	var err error
	want := any(true)
	var before any
	if had {
		before = old
	}
	switch {
	case r.rng.IntN(8) == 0:
		got, err = r.e.Scalar("kv_cas", k, before, value)
	case value == nil:
		want = had
		got, err = r.e.Scalar("kv_delete", k)
	default:
		got, err = r.e.Scalar("kv_put", k, value)
		want = got
	}
	if err != nil || got != want {
		r.t.Fatalf("%.80q, there before: %t: got %v, %v", k, had, got, err)
	}
}

// crash stops after a random record. Of the pages changed since the checkpoint, some were written at
// some time, and the last write of some was torn if images can mend it.
func (r *randomRun) crash() {
	m := kv.Module.Managers[0].Manager
	if r.base == nil {
		r.base = rmgrtest.Pages{}
	}
	if r.seen == nil {
		r.seen = map[string]int{}
	}
	at := len(r.e.Log) - r.rng.IntN(min(len(r.e.Log), 60)+1)
	switch r.rng.IntN(8) {
	case 0:
		at = r.rng.IntN(len(r.e.Log) + 1)
	case 1, 2: // inside an operation of several records
		for at > 0 && !slices.Contains([]string{"CHAIN", "MERGE", "SPLIT"}, m.Identify(r.e.Log[at-1].Record.Info)) {
			at--
		}
	}
	now, disk := r.base.Clone(), r.base.Clone()
	for i, entry := range r.e.Log[:at] {
		r.seen[m.Identify(entry.Record.Info)]++
		if err := now.Apply(m, entry, nil); err != nil {
			r.t.Fatalf("record %d: %v", i, err)
		}
		for _, b := range entry.Record.Blocks {
			key := rmgrtest.PageKey{Rel: b.Rel, Fork: b.Fork, Block: b.Block}
			switch p := r.rng.IntN(20); {
			case p == 0:
				disk[key] = now[key]
			case p == 1 && r.e.Images:
				torn := slices.Clone(now[key])
				copy(torn[4096:], r.base[key])
				disk[key] = torn
			}
		}
	}
	for i, entry := range r.e.Log[:at] {
		if err := disk.Apply(m, entry, nil); err != nil {
			r.t.Fatalf("redo of record %d of %d: %v", i, at, err)
		}
	}
	if key, differ := r.e.Differ(now, disk); differ {
		r.t.Fatalf("after redo of %d records, block %d differs", at, key.Block)
	}
	for _, e := range slices.Backward(r.effects) {
		switch {
		case e.record < at:
		case e.had:
			r.want[e.key] = e.old
		default:
			delete(r.want, e.key)
		}
	}
	r.e.Pages, r.base, r.e.Log, r.effects = disk, disk.Clone(), nil, nil
	r.e.Checkpoint()
}

func (r *randomRun) compare() {
	if err := kv.Check(r.e); err != nil {
		r.t.Fatal(err)
	}
	rows, err := r.e.Call("kv_range", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if len(rows) != len(r.want) {
		r.t.Fatalf("%d keys, want %d", len(rows), len(r.want))
	}
	for _, row := range rows {
		if v, ok := r.want[row[0].(string)]; !ok || row[1] != v {
			r.t.Fatalf("%.80q is %.80q, want %.80q", row[0], row[1], v)
		}
	}
}

// After each single record, whatever it is, the store is valid.
func TestEveryRecordLeavesAValidStore(t *testing.T) {
	for _, f := range []rmgr.Format{1, 2} {
		e := rmgrtest.NewEngine(kv.Module)
		e.SetFormat(kv.ID, f)
		rng := rand.New(rand.NewPCG(5, uint64(f)))
		long := 60_000
		if f == 1 {
			long = 900
		}
		for i := range 700 {
			k := key(rng, 900)
			if rng.IntN(20) == 0 {
				put(t, e, k, strings.Repeat("l", rng.IntN(long)))
			} else {
				put(t, e, k, strings.Repeat("v", rng.IntN(900)))
			}
			if i%3 == 0 || i > 400 {
				for range 3 {
					if _, err := e.Call("kv_delete", key(rng, 900)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		replica := rmgrtest.Pages{}
		for i, entry := range e.Log {
			m := kv.Module.Managers[0].Manager
			if err := replica.Apply(m, entry, nil); err != nil {
				t.Fatal(err)
			}
			if err := kv.Check(reader{e, replica}); err != nil {
				t.Fatalf("format %d: after record %d, %s: %v", f, i, m.Identify(entry.Record.Info), err)
			}
		}
	}
}
