package kv_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
	"github.com/redoubt-wal/redoubt/wal"
)

// text is n bytes that differ from place to place.
func text(n int, salt string) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%s%d,", salt, i)
	}
	return b.String()[:n]
}

func TestLongValues(t *testing.T) {
	e := rmgrtest.NewEngine(kv.Module)
	for _, n := range []int{2031, 2032, 8151, 8152, 8153, 16 * 8152, 16*8152 + 1, 1 << 20} {
		for _, next := range []int{0, n, 10, 100_000, 5000, 0} {
			old, had := "", false
			if got, err := e.Scalar("kv_get", "k"); err != nil {
				t.Fatal(err)
			} else if got != nil {
				old, had = got.(string), true
			}
			v := text(next, fmt.Sprint(n))
			if had {
				if ok, err := e.Scalar("kv_cas", "k", old+"x", v); ok != false || err != nil {
					t.Fatalf("%d bytes: a wrong guess: %v, %v", len(old), ok, err)
				}
				if ok, err := e.Scalar("kv_cas", "k", old, v); ok != true || err != nil {
					t.Fatalf("%d bytes to %d: %v, %v", len(old), next, ok, err)
				}
			} else {
				put(t, e, "k", v)
			}
			put(t, e, "j", "before")
			put(t, e, "l", "after")
			rows, err := e.Call("kv_range", nil)
			if err != nil || len(rows) != 3 || rows[1][1] != v || rows[2][1] != "after" {
				t.Fatalf("%d to %d bytes: %d rows, %v", len(old), next, len(rows), err)
			}
			if err := kv.Check(e); err != nil {
				t.Fatalf("%d to %d bytes: %v", len(old), next, err)
			}
		}
		if ok, err := e.Scalar("kv_delete", "k"); ok != true || err != nil {
			t.Fatal(ok, err)
		}
	}
	if n, err := e.Scalar("kv_count"); n != int64(2) || err != nil {
		t.Errorf("count %v, %v", n, err)
	}
}

func TestTheLongestValue(t *testing.T) {
	if testing.Short() {
		t.Skip("64 MiB")
	}
	e := rmgrtest.NewEngine(kv.Module)
	v := text(64<<20, "x")
	put(t, e, "k", v)
	if got, err := e.Scalar("kv_get", "k"); err != nil || got != v {
		t.Errorf("it did not come back: %v", err)
	}
	for i, entry := range e.Log {
		if total := entry.Record.Total; total > 140_000 {
			t.Fatalf("record %d has %d bytes", i, total)
		}
	}
	if err := kv.Check(e); err != nil {
		t.Error(err)
	}
}

// breaking is a session whose Emit fails after some records.
type breaking struct {
	*rmgrtest.Engine
	left int
}

var errCut = errors.New("cut off")

func (b *breaking) Emit(rec rmgr.NewRecord) (wal.LSN, error) {
	if b.left--; b.left < 0 {
		return 0, errCut
	}
	return b.Engine.Emit(rec)
}

// A write that breaks off after any of its records changes nothing that a client sees, and the pages it
// took are free after the next write.
func TestBrokenOffWritesAreReclaimed(t *testing.T) {
	call := find("kv_put").Call
	for cut := range 9 {
		e := rmgrtest.NewEngine(kv.Module)
		put(t, e, "a", text(40_000, "a"))
		b := &breaking{e, cut}
		err := call(t.Context(), b, []any{"a", text(1_000_000, "b")}, func(...any) error { return nil })
		if cut < 8 {
			if !errors.Is(err, errCut) {
				t.Fatalf("after %d records: %v", cut, err)
			}
			if got, err := e.Scalar("kv_get", "a"); err != nil || got != text(40_000, "a") {
				t.Fatalf("after %d records the value is another: %v", cut, err)
			}
		} else if err == nil {
			t.Fatal("more records than thought")
		}
		if err := kv.Check(e); err != nil {
			t.Fatalf("after %d records: %v", cut, err)
		}
		before, _ := e.Blocks(rmgr.Rel(kv.ID, 0), wal.ForkMain)
		put(t, e, "b", text(10_000*cut, "c"))
		if err := kv.Check(e); err != nil {
			t.Fatal(err)
		}
		if after, _ := e.Blocks(rmgr.Rel(kv.ID, 0), wal.ForkMain); cut > 1 && after > before {
			t.Errorf("after %d records: %d pages, then %d: what the broken write took was not used", cut, before, after)
		}
	}
}

// A cursor is used again: what it knew of one store must not reach another, empty one.
func TestABrokenOffWriteConcernsOneStore(t *testing.T) {
	e, call := rmgrtest.NewEngine(kv.Module), find("kv_put").Call
	put(t, e, "a", "v")
	for _, left := range []int{1, 0} { // after a CHAIN; at the RELEASE
		if err := call(t.Context(), &breaking{e, left}, []any{"a", text(9000, "")}, nil); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
	}
	put(t, rmgrtest.NewEngine(kv.Module), "a", "v")
}

// A store that is emptied is one leaf, and what is put next takes the pages it had.
func TestPagesAreReused(t *testing.T) {
	for name, order := range map[string]func(i int) int{
		"first in, first out": func(i int) int { return i },
		"last in, first out":  func(i int) int { return 2999 - i },
		"in any order":        func(i int) int { return i * 1009 % 3000 },
	} {
		t.Run(name, func(t *testing.T) {
			e := rmgrtest.NewEngine(kv.Module)
			most := uint32(0)
			for round := range 4 {
				for i := range 3000 {
					put(t, e, fmt.Sprintf("%0300d", i), "v")
				}
				for i := range 3000 {
					if ok, err := e.Scalar("kv_delete", fmt.Sprintf("%0300d", order(i))); ok != true || err != nil {
						t.Fatal(ok, err)
					}
				}
				if err := kv.Check(e); err != nil {
					t.Fatal(err)
				}
				n, _ := e.Blocks(rmgr.Rel(kv.ID, 0), wal.ForkMain)
				if round == 0 {
					most = n
				}
				if n > most {
					t.Errorf("round %d: %d pages, %d at first", round, n, most)
				}
				if level := metaOf(e)[36]; level > 0 {
					t.Errorf("round %d: an empty tree of level %d", round, level)
				}
			}
		})
	}
}

func metaOf(e *rmgrtest.Engine) []byte { return e.Pages[rmgrtest.PageKey{Rel: rmgr.Rel(kv.ID, 0)}] }

// A queue moves through the key space: it must not leave pages behind.
func TestAQueueStaysSmall(t *testing.T) {
	e := rmgrtest.NewEngine(kv.Module)
	most := 0
	for i := range 20_000 {
		put(t, e, fmt.Sprintf("%020d", i), strings.Repeat("v", 100))
		if i >= 500 {
			if ok, err := e.Scalar("kv_delete", fmt.Sprintf("%020d", i-500)); ok != true || err != nil {
				t.Fatal(ok, err)
			}
		}
		most = max(most, len(e.Pages))
		if i%1000 == 0 {
			e.Log = nil
		}
	}
	if err := kv.Check(e); err != nil {
		t.Error(err)
	}
	if most > 25 {
		t.Errorf("500 rows of 130 bytes took %d pages", most)
	}
}

// Who decodes gets a long value's bytes before its key.
func TestLongValuesDecode(t *testing.T) {
	e := rmgrtest.NewEngine(kv.Module)
	v := text(300_000, "v")
	put(t, e, "a", "short")
	put(t, e, "a", v)
	put(t, e, "a", "short again")
	put(t, e, "b", v[:5000])
	if _, err := e.Call("kv_delete", "b"); err != nil {
		t.Fatal(err)
	}
	value := make([]byte, len(v))
	var got []string
	for _, entry := range e.Log {
		err := kv.Module.Managers[0].Manager.(rmgr.Decoder).Decode(&entry.Record, 2, func(c rmgr.Change) {
			if c.Action == "chunk" {
				copy(value[c.Columns["offset"].(int64):c.Columns["length"].(int64)], c.Columns["data"].([]byte))
				return
			}
			if n, ok := c.Columns["value_length"].(int64); ok && string(value[:n]) != v[:n] {
				t.Errorf("the chunks before %v are not its value", c)
			}
			got = append(got, fmt.Sprintf("%s %v", c.Action, c.Columns))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"insert map[key:a value:short]",
		"update map[key:a old_value:short value_length:300000]",
		"update map[key:a old_value_length:300000 value:short again]",
		"insert map[key:b value_length:5000]",
		"delete map[key:b old_value_length:5000]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Format 1 cannot say long values: it leaves them alone, and reads them.
func TestFormat1AndLongValues(t *testing.T) {
	e := rmgrtest.NewEngine(kv.Module)
	put(t, e, "k", text(9000, ""))
	old := rmgrtest.NewEngine(kv.Module12)
	old.Pages = e.Pages.Clone()
	if got, err := old.Scalar("kv_get", "k"); err != nil || got != text(9000, "") {
		t.Errorf("read: %v", err)
	}
	for _, call := range [][]any{{"kv_put", "k", "v"}, {"kv_delete", "k"}, {"kv_put", "k2", text(3000, "")}} {
		var refused *rmgr.Error
		if _, err := old.Call(call[0].(string), call[1:]...); !errors.As(err, &refused) || !slices.Contains([]string{"55000", "54000"}, refused.Code) {
			t.Errorf("%.30q: %v", call, err)
		}
	}
	put(t, old, "j", "format 1 goes on beside it")
	if err := kv.Check(old); err != nil {
		t.Error(err)
	}
	if len(old.Log) != 1 {
		t.Errorf("%d records", len(old.Log))
	}
	for _, entry := range e.Log {
		entry.Record.Main = slices.Clone(entry.Record.Main)
		entry.Record.Main[0], entry.Format = 1, 1
		if op := entry.Record.Op(); op < 0x50 {
			continue
		}
		if err := (rmgrtest.Pages{}).Apply(kv.Module12.Managers[0].Manager, entry, nil); err == nil || !strings.Contains(err.Error(), "in format 1") {
			t.Errorf("%02X as format 1: %v", entry.Record.Op(), err)
		}
	}
}

// Records that came with format 2's pages and chains: these bytes must be readable for ever.
func TestGoldenRecordsOfPages(t *testing.T) {
	e := rmgrtest.NewEngine(kv.Module)
	put(t, e, "a", text(9000, ""))
	put(t, e, "a", "v")
	put(t, e, "b", text(2500, ""))
	if _, err := e.Call("kv_delete", "b"); err != nil {
		t.Fatal(err)
	}
	b := &breaking{e, 1}
	_ = find("kv_put").Call(t.Context(), b, []any{"c", text(9000, "")}, nil) // broken off
	if _, err := e.Call("kv_delete", "c"); err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		put(t, e, fmt.Sprint(i), strings.Repeat("w", 1990))
	}
	for i := range 9 {
		if _, err := e.Call("kv_delete", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	m := kv.Module.Managers[0].Manager
	seen := map[string]bool{}
	var got []string
	for _, entry := range e.Log {
		rec := &entry.Record
		if name := m.Identify(rec.Info); rec.Op() >= 0x40 && (!seen[name] || name == "EXCHANGE" || name == "SPLIT") {
			seen[name] = true
			var line strings.Builder
			m.(rmgr.Describer).Describe(&line, rec)
			got = append(got, fmt.Sprintf("%s %x %s", name, rec.Main, &line))
		}
	}
	if diff := cmp.Diff(golden, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

var golden = []string{
	"CHAIN 0200000028230000000000000000000000000000 value of 9000 bytes from byte 0 on, next page 0, 0 from the free list, which goes on at 0; format 2",
	`EXCHANGE 022001000000000000000161282300000200000003000000 key "a", value (9000 bytes in 2 pages from 2 to 3), leaf 1; format 2`,
	`EXCHANGE 0212010000000000000001612823000002000000030000000176 key "a", value (1 bytes), old value (9000 bytes in 2 pages from 2 to 3), leaf 1; format 2`,
	`EXCHANGE 022001000000000000000162c40900000200000002000000 key "b", value (2500 bytes in 1 pages from 2 to 2), leaf 1; format 2`,
	`EXCHANGE 020201000000030000000162c40900000200000002000000 key "b", old value (2500 bytes in 1 pages from 2 to 2), leaf 1; format 2`,
	"RELEASE 020002000000030000000200000000000000 2 pages from 2 to 3 that no value got, before free page 0; format 2",
	`SPLIT 02010300000002000100000002000000030000000000000033 root 1 of level 0 keeps 3 items, right 2 from "3", parent 3, 2 from the free list, which goes on at 0; format 2`,
	`SPLIT 020003000000000002000000040000000300000036 page 2 of level 0 keeps 3 items, right 4 from "6", parent 3; format 2`,
	"MERGE 02000000010001000000020000000300000000000000 page 1 of level 0 takes the items of 2, slot 1 of parent 3; format 2",
	"COLLAPSE 02000100030000000100000004000000 root 3 of level 1 gives way to its only child 1; format 2",
}
