package rmgr_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
	"github.com/redoubt-wal/redoubt/rmgr/signal"
	"github.com/redoubt-wal/redoubt/rmgr/testrmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// What each module says to records that cannot be. The conformance test tries every operation; here
// are the texts, which stand in a node's log behind "WAL redo at … for …".
func TestBadRecords(t *testing.T) {
	cut := func(n int) func(*wal.Record) { return func(r *wal.Record) { r.Main = r.Main[:n] } }
	grow := func(n int) func(*wal.Record) {
		return func(r *wal.Record) { r.Main = append(bytes.Clone(r.Main), make([]byte, n)...) }
	}
	info := func(r *wal.Record) { r.Info = 0xF0 }
	elsewhere := func(r *wal.Record) {
		r.Blocks = append([]wal.BlockRef(nil), r.Blocks...)
		for i := range r.Blocks {
			r.Blocks[i].Rel.Rel++
		}
	}
	fewer := func(r *wal.Record) { r.Blocks = r.Blocks[1:] }
	format := func(r *wal.Record) { r.Main = append([]byte{9}, r.Main[1:]...) }

	put, open, send, say := []any{"kv_put", "k", "value"}, []any{"ledger_open", "a", 100}, []any{"signal_rmgr", 1, "why"}, []any{"test_custom_rmgrs_insert_wal_record", "text"}
	for _, tc := range []struct {
		name   string
		module rmgr.Module
		format rmgr.Format
		call   []any
		change func(*wal.Record)
		want   string
	}{
		{"kv: too short", kv.Module, 2, put, cut(2), "kv: malformed record: 2 bytes of INSERT"},
		{"kv: nothing", kv.Module, 2, put, cut(0), "kv: malformed record: 0 bytes of INSERT"},
		{"kv: too long", kv.Module, 2, put, grow(3000), "kv: malformed record: 3008 bytes of INSERT"},
		{"kv in format 1: one byte short", kv.Module, 1, put, cut(12), "kv: malformed record: 12 bytes of INSERT"},
		{"kv in format 1: one byte more", kv.Module, 1, put, grow(1), "kv: malformed record: 14 bytes of INSERT"},
		{"kv: an unknown operation", kv.Module, 2, put, info, "kv has no operation F0 in format 2"},
		{"kv: an operation that its format has not", kv.Module, 1, put, func(r *wal.Record) { r.Info = 0x50 }, "kv has no operation 50 in format 1"},
		{"kv: an unknown format", kv.Module, 2, put, format, "kv: record in format 9: version 1.3.0 replays formats 1–2"},
		{"kv 1.2: a format of 1.3", kv.Module12, 1, put, func(r *wal.Record) { r.Main = append([]byte{2}, r.Main[1:]...) }, "kv: record in format 2: version 1.2.0 replays formats 1–1"},
		{"kv: another relation", kv.Module, 2, put, elsewhere, "kv: malformed record: INSERT without a reference to block 0"},
		{"kv: a block too few", kv.Module, 2, put, fewer, "kv: malformed record: 8 bytes of INSERT"},

		{"ledger: too short", ledger.Module, 1, open, cut(5), "ledger: malformed record: OPEN with 5 bytes and 2 blocks"},
		{"ledger: too long", ledger.Module, 1, open, grow(1), "ledger: malformed record: OPEN with 12 bytes and 2 blocks"},
		{"ledger: an unknown operation", ledger.Module, 1, open, info, "ledger has no operation F0"},
		{"ledger: an unknown format", ledger.Module, 1, open, format, "ledger: record in format 9, format 1 is in force: version 1.0.3 replays format 1"},
		{"ledger: another relation", ledger.Module, 1, open, elsewhere, "ledger: malformed record: OPEN with 11 bytes and 2 blocks"},
		{"ledger: a block too few", ledger.Module, 1, open, fewer, "ledger: malformed record: OPEN with 11 bytes and 1 blocks"},

		{"signal: too short", signal.Module, 1, send, cut(17), "signal_rmgr: malformed record of 17 bytes"},
		{"signal: too long", signal.Module, 1, send, grow(1), "signal_rmgr: malformed record of 21 bytes"},
		{"signal: an unknown operation", signal.Module, 1, send, info, "signal_rmgr has no operation F0"},

		{"testrmgr: too short", testrmgr.Module, 1, say, cut(7), "test_custom_rmgrs: malformed record of 7 bytes"},
		{"testrmgr: too long", testrmgr.Module, 1, say, grow(1), "test_custom_rmgrs: malformed record of 13 bytes"},
		{"testrmgr: an unknown operation", testrmgr.Module, 1, say, info, "test_custom_rmgrs has no operation F0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := rmgrtest.NewEngine(tc.module)
			e.SetFormat(tc.module.Managers[0].ID, tc.format)
			if _, err := e.Call(tc.call[0].(string), tc.call[1:]...); err != nil {
				t.Fatal(err)
			}
			pages, m := rmgrtest.Pages{}, tc.module.Managers[0].Manager
			for _, entry := range e.Log[:len(e.Log)-1] {
				if err := pages.Apply(m, entry, nil); err != nil {
					t.Fatal(err)
				}
			}
			before, entry := pages.Clone(), e.Log[len(e.Log)-1]
			tc.change(&entry.Record)
			err := pages.Apply(m, entry, nil)
			if err == nil || err.Error() != tc.want {
				t.Errorf("\ngot  %v\nwant %s", err, tc.want)
			}
			if diff := cmp.Diff(before, pages); diff != "" {
				t.Error("a page has changed")
			}
			var text strings.Builder
			m.(rmgr.Describer).Describe(&text, &entry.Record)
			if strings.Contains(text.String(), "\n") {
				t.Errorf("described as %q", &text)
			}
		})
	}
}

// Two modules whose managers have one name, in any letters.
func TestTwoModulesWithOneManagerName(t *testing.T) {
	other := module("other", "1.0.0", 202, func(m *rmgr.Module) { m.Managers[0].Manager = named("A") })
	err := rmgr.NewTable().Load([]rmgr.Module{module("a", "1.0.0", 200), other}, []string{"a", "other"})
	if want := `failed to register custom resource manager "A" with ID 202`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
