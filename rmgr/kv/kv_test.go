package kv_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
	"github.com/redoubt-wal/redoubt/wal"
)

func TestConformance(t *testing.T) { rmgrtest.Run(t, kv.Module) }

func TestConformanceOf12(t *testing.T) { rmgrtest.Run(t, kv.Module12) }

// Long keys and values make a tree of three levels out of few records.
func TestConformanceOfADeepTree(t *testing.T) {
	rmgrtest.Run(t, kv.Module, func(t testing.TB, e *rmgrtest.Engine, rng *rand.Rand) {
		for range 300 {
			put(t, e, key(rng, 900), strings.Repeat("v", rng.IntN(1100)))
		}
	})
}

// Every operation of format 2, with broken-off writes between.
func TestConformanceOfLongValuesAndMerges(t *testing.T) { rmgrtest.Run(t, kv.Module, everything) }

func everything(t testing.TB, e *rmgrtest.Engine, rng *rand.Rand) {
	long := 40_000
	if e.Format(kv.ID) == 1 {
		long = 1000
	}
	for i := range 240 {
		k := key(rng, 900)
		switch v := strings.Repeat("l", rng.IntN(long)); {
		case i%40 == 20 && long > 1000:
			b := &breaking{e, 1} // a write that breaks off
			_ = find("kv_put").Call(context.Background(), b, []any{k, strings.Repeat("b", 200_000)}, nil)
		case i%8 == 0:
			put(t, e, k, v)
		default:
			put(t, e, k, strings.Repeat("v", rng.IntN(900)))
		}
		for j := 0; i > 150 && j < 12; j++ {
			if _, err := e.Call("kv_delete", key(rng, 900)); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows, err := e.Call("kv_range", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows { // all that is left, so that the root collapses
		if _, err := e.Call("kv_delete", row[0]); err != nil {
			t.Fatal(err)
		}
	}
	if e.Format(kv.ID) == 2 {
		seen := map[uint8]bool{}
		for _, entry := range e.Log {
			seen[entry.Record.Op()] = true
		}
		if len(seen) != 10 {
			t.Fatalf("operations %v were met, there are ten", seen)
		}
	}
}

func FuzzRedo(f *testing.F) {
	rmgrtest.FuzzRedo(f, kv.Module, func(t testing.TB, e *rmgrtest.Engine, rng *rand.Rand) {
		for range 60 {
			put(t, e, key(rng, 700), strings.Repeat("v", rng.IntN(1100)))
			if _, err := e.Call("kv_delete", key(rng, 700)); err != nil {
				t.Fatal(err)
			}
		}
	}, everything)
}

func FuzzDescribe(f *testing.F) { rmgrtest.FuzzDescribe(f, kv.Module) }

func put(t testing.TB, e *rmgrtest.Engine, key, value string) {
	t.Helper()
	if _, err := e.Call("kv_put", key, value); err != nil {
		t.Fatal(err)
	}
}

// key is one of 2000 keys, up to most bytes long.
func key(rng *rand.Rand, most int) string {
	n := rng.IntN(2000)
	return fmt.Sprintf("%03d", n%997) + strings.Repeat("k", n*7919%most) + fmt.Sprint(n)
}

// Against a map: random operations, at times a checkpoint, and the whole tree is looked at.
func TestTreeIsAMap(t *testing.T) {
	for _, tc := range []struct {
		name       string
		keys       func(rng *rand.Rand, i int) string
		values     int
		operations int
		format     rmgr.Format
	}{
		{"short keys in any order", func(rng *rand.Rand, _ int) string { return fmt.Sprint(rng.IntN(5000)) }, 60, 20000, 2},
		{"short keys, format 1", func(rng *rand.Rand, _ int) string { return fmt.Sprint(rng.IntN(5000)) }, 60, 20000, 1},
		{"ascending keys", func(_ *rand.Rand, i int) string { return fmt.Sprintf("%08d", i) }, 200, 10000, 2},
		{"descending keys", func(_ *rand.Rand, i int) string { return fmt.Sprintf("%08d", 1<<24-i) }, 200, 10000, 2},
		{"long keys", func(rng *rand.Rand, _ int) string { return key(rng, 1000) }, 1000, 8000, 2},
		{"few keys and growing values", func(rng *rand.Rand, _ int) string { return fmt.Sprint(rng.IntN(30)) }, 2000, 4000, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(42, 1))
			e := rmgrtest.NewEngine(kv.Module)
			e.Images = true
			e.SetFormat(kv.ID, tc.format)
			want := map[string]string{}
			for i := range tc.operations {
				k, v := tc.keys(rng, i), strings.Repeat("x", rng.IntN(tc.values))+fmt.Sprint(i)
				operate(t, e, rng, want, k, v)
				if i%1000 == 0 {
					e.Checkpoint()
					if err := kv.Check(e); err != nil {
						t.Fatalf("after operation %d: %v", i, err)
					}
				}
			}
			compare(t, e, want, rng)

			// A replica that has got any prefix has a valid tree, and with the rest the same one.
			replica, manager := rmgrtest.Pages{}, kv.Module.Managers[0].Manager
			stop := rng.IntN(len(e.Log))
			for i, entry := range e.Log {
				if i == stop || i%(len(e.Log)/20) == 0 {
					if err := kv.Check(reader{e, replica.Clone()}); err != nil {
						t.Fatalf("replica before record %d: %v", i, err)
					}
				}
				if err := replica.Apply(manager, entry, nil); err != nil {
					t.Fatalf("record %d: %v", i, err)
				}
			}
			if key, differ := e.Differ(e.Pages, replica); differ {
				t.Errorf("block %d differs", key.Block)
			}
		})
	}
}

// operate does one thing to the engine and to the map, and compares what it says.
func operate(t *testing.T, e *rmgrtest.Engine, rng *rand.Rand, want map[string]string, k, v string) {
	t.Helper()
	old, had := want[k]
	call := func(name string, expected any, args ...any) {
		t.Helper()
		got, err := e.Scalar(name, args...)
		if err != nil {
			t.Fatalf("%s(%.40q): %v", name, args, err)
		}
		if expected != nil && got != expected {
			t.Fatalf("%s(%.40q): got %v, want %v", name, args, got, expected)
		}
	}
	switch n := rng.IntN(20); {
	case n < 12:
		call("kv_put", nil, k, v)
		want[k] = v
	case n < 15:
		call("kv_delete", had, k)
		delete(want, k)
	case n < 16 && had:
		call("kv_cas", true, k, old, v)
		want[k] = v
	case n < 17:
		call("kv_cas", !had, k, nil, v)
		if !had {
			want[k] = v
		}
	case n < 18 && had:
		call("kv_cas", true, k, old, nil)
		delete(want, k)
	case n < 19:
		call("kv_cas", false, k, v+"?", v)
	default:
		if got, err := e.Scalar("kv_get", k); err != nil || had && got != old || !had && got != nil {
			t.Fatalf("kv_get(%.40q): %v, %v", k, got, err)
		}
	}
}

func compare(t *testing.T, e *rmgrtest.Engine, want map[string]string, rng *rand.Rand) {
	t.Helper()
	if err := kv.Check(e); err != nil {
		t.Fatal(err)
	}
	if n, err := e.Scalar("kv_count"); err != nil || n != int64(len(want)) {
		t.Errorf("kv_count: %v, %v; want %d", n, err, len(want))
	}
	keys := slices.Sorted(maps.Keys(want))
	for range 20 {
		from, to, lim := rng.IntN(len(keys)+1), rng.IntN(len(keys)+1), rng.IntN(300)
		var args []any
		expected := keys[from:]
		if from == len(keys) {
			args = []any{"\U0010FFFF"}
		} else {
			args = []any{keys[from]}
		}
		if to < len(keys) {
			args = append(args, keys[to])
			expected = expected[:max(0, min(to-from, len(expected)))]
		} else {
			args = append(args, nil)
		}
		if lim > 0 {
			args = append(args, lim)
			expected = expected[:min(lim, len(expected))]
		}
		rows, err := e.Call("kv_range", args...)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != len(expected) {
			t.Fatalf("kv_range(%.40q): %d rows, want %d", args, len(rows), len(expected))
		}
		for i, k := range expected {
			if rows[i][0] != k || rows[i][1] != want[k] {
				t.Fatalf("kv_range(%.40q): row %d is %.40q", args, i, rows[i])
			}
		}
	}
}

// reader shows other pages than the engine's own.
type reader struct {
	*rmgrtest.Engine
	pages rmgrtest.Pages
}

func (r reader) Page(rel wal.RelFileLocator, fork wal.ForkNumber, block uint32, fn func([]byte)) (bool, error) {
	p, ok := r.pages[rmgrtest.PageKey{Rel: rel, Fork: fork, Block: block}]
	if ok {
		fn(p)
	}
	return ok, nil
}

func TestRefusals(t *testing.T) {
	for says, tc := range map[string]struct {
		call []any
		code string
		want string
	}{
		"a key that is too long":        {[]any{"kv_put", strings.Repeat("k", 1025), "v"}, "54000", "key has 1025 bytes, kv keeps at most 1024"},
		"a value that is too long":      {[]any{"kv_put", "k", strings.Repeat("v", 64<<20+1)}, "54000", "value has 67108865 bytes, kv keeps at most 67108864"},
		"a new value that is too long":  {[]any{"kv_cas", "k", nil, strings.Repeat("v", 64<<20+1)}, "54000", "value has 67108865 bytes, kv keeps at most 67108864"},
		"a range of fewer than no keys": {[]any{"kv_range", "a", "b", -1}, "2201W", "lim must not be negative"},
	} {
		t.Run(says, func(t *testing.T) {
			e := rmgrtest.NewEngine(kv.Module)
			_, err := e.Call(tc.call[0].(string), tc.call[1:]...)
			var got *rmgr.Error
			if !errors.As(err, &got) || got.Code != tc.code || got.Message != tc.want {
				t.Errorf("got %v", err)
			}
			if len(e.Log) > 0 {
				t.Error("something was logged")
			}
		})
	}
	e := rmgrtest.NewEngine(kv.Module)
	put(t, e, "", "the empty key is a key")
	put(t, e, strings.Repeat("k", 1024), strings.Repeat("v", 1008))
	for _, f := range []string{"kv_get", "kv_delete"} {
		if got, err := e.Scalar(f, nil); err != nil || got != nil {
			t.Errorf("%s(NULL): %v, %v", f, got, err)
		}
	}
	if err := kv.Check(e); err != nil {
		t.Error(err)
	}
}

// What an older image does with the log and the pages of a newer one.
func TestVersion12MeetsFormat2(t *testing.T) {
	e := rmgrtest.NewEngine(kv.Module)
	put(t, e, "a", "1")
	err := rmgrtest.Pages{}.Apply(kv.Module12.Managers[0].Manager, e.Log[0], nil)
	if err == nil || !strings.Contains(err.Error(), "version 1.2.0 replays formats 1–1") {
		t.Errorf("replay: %v", err)
	}
	old := rmgrtest.NewEngine(kv.Module12)
	old.SetFormat(kv.ID, 2)
	var refused *rmgr.Error
	if _, err := old.Call("kv_put", "a", "1"); !errors.As(err, &refused) || refused.Code != "55000" {
		t.Errorf("write: %v", err)
	}
	old.SetFormat(kv.ID, 1)
	old.Pages = e.Pages
	if got, err := old.Scalar("kv_get", "a"); err != nil || got != "1" {
		t.Errorf("the same pages: %v, %v", got, err)
	}
	entry := e.Log[0]
	entry.Format = 1
	if err := (rmgrtest.Pages{}).Apply(kv.Module.Managers[0].Manager, entry, nil); err == nil {
		t.Error("a record of format 2 was replayed where format 1 is in force")
	}
}

// Format 2 finds a replica that has diverged.
func TestBeforeImageIsChecked(t *testing.T) {
	e := rmgrtest.NewEngine(kv.Module)
	put(t, e, "a", "1")
	other := rmgrtest.NewEngine(kv.Module)
	put(t, other, "a", "2")
	put(t, e, "a", "3")
	last := e.Log[len(e.Log)-1]
	last.Record.End += 1000
	if err := other.Pages.Apply(kv.Module.Managers[0].Manager, last, nil); err == nil {
		t.Error("an update was replayed on a page with another old value")
	}
}

func TestDecodeAndDescribe(t *testing.T) {
	manager := kv.Module.Managers[0].Manager
	for f, want := range map[rmgr.Format][]string{
		1: {
			`INIT meta 0, root 1`,
			`INSERT key "a", value (3 bytes), slot 0; format 1 ⇒ insert kv map[key:a value:one]`,
			`UPDATE key "a", value (2 bytes), slot 0; format 1 ⇒ update kv map[key:a value:eh]`,
			`DELETE key "a", slot 0; format 1 ⇒ delete kv map[key:a]`,
		},
		2: {
			`INIT meta 0, root 1`,
			`INSERT key "a", value (3 bytes); format 2 ⇒ insert kv map[key:a value:one]`,
			`UPDATE key "a", value (2 bytes), old value (3 bytes); format 2 ⇒ update kv map[key:a old_value:one value:eh]`,
			`DELETE key "a", old value (2 bytes); format 2 ⇒ delete kv map[key:a old_value:eh]`,
		},
	} {
		e := rmgrtest.NewEngine(kv.Module)
		e.SetFormat(kv.ID, f)
		put(t, e, "a", "one")
		put(t, e, "a", "eh")
		if _, err := e.Call("kv_delete", "a"); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, entry := range e.Log {
			var line strings.Builder
			line.WriteString(manager.Identify(entry.Record.Info) + " ")
			manager.(rmgr.Describer).Describe(&line, &entry.Record)
			err := manager.(rmgr.Decoder).Decode(&entry.Record, f, func(c rmgr.Change) {
				fmt.Fprintf(&line, " ⇒ %s %s %v", c.Action, c.Object, c.Columns)
			})
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, line.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("format %d (-want +got)\n%s", f, diff)
		}
	}
}

// Records are on disk: these bytes must be readable for ever.
func TestGoldenRecords(t *testing.T) {
	for f, want := range map[rmgr.Format][]string{
		1: {"01", "0100000100030061" + "6f6e65", "01000001000200616568", "010000010061"},
		2: {"02", "020161" + "6f6e65", "02016103" + "6f6e65" + "6568", "0201616568"},
	} {
		e := rmgrtest.NewEngine(kv.Module)
		e.SetFormat(kv.ID, f)
		put(t, e, "a", "one")
		put(t, e, "a", "eh")
		if _, err := e.Call("kv_delete", "a"); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, entry := range e.Log {
			got = append(got, fmt.Sprintf("%x", entry.Record.Main))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("format %d (-want +got)\n%s", f, diff)
		}
	}
}

func TestDamagedPagesAreAnErrorNotAPanic(t *testing.T) {
	e := rmgrtest.NewEngine(kv.Module)
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range 400 {
		put(t, e, key(rng, 300), fmt.Sprint(i))
	}
	sound := e.Pages
	for range 3000 {
		e.Pages = sound.Clone()
		for k, p := range sound {
			if rng.IntN(4) == 0 {
				p = slices.Clone(p)
				p[rng.IntN(120)] = byte(rng.Uint32())
				p[len(p)-1-rng.IntN(16)] ^= byte(1 << rng.IntN(8))
				e.Pages[k] = p
			}
		}
		for _, call := range [][]any{{"kv_get", key(rng, 300)}, {"kv_range", "", nil, nil}, {"kv_put", key(rng, 300), strings.Repeat("x", 500)}, {"kv_delete", key(rng, 300)}, {"kv_count"}} {
			_, _ = e.Call(call[0].(string), call[1:]...) // any answer, in finite time
		}
		_ = kv.Check(e)
	}
}
