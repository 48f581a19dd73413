package logicalmsg_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/logicalmsg"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
)

// module dresses the built-in manager up for rmgrtest.
var module = rmgr.Module{Name: "logicalmsg", Version: "15.0.0",
	Managers: []rmgr.Registration{{ID: logicalmsg.ID, Manager: logicalmsg.Manager{},
		Writes: rmgr.FormatRange{Min: 1, Max: 1}, Replays: rmgr.FormatRange{Min: 1, Max: 1}}},
	Functions: logicalmsg.Functions()}

func TestConformance(t *testing.T) { rmgrtest.Run(t, module) }

func FuzzRedo(f *testing.F)     { rmgrtest.FuzzRedo(f, module) }
func FuzzDescribe(f *testing.F) { rmgrtest.FuzzDescribe(f, module) }

func BenchmarkRedo(b *testing.B) { rmgrtest.BenchmarkRedo(b, module) }

func TestMessage(t *testing.T) {
	for _, tc := range []struct {
		says       string
		args       []any
		main, desc string
	}{
		{"a message of its own", []any{false, "test", "hi"},
			"05000000" + "00000000" + "0500000000000000" + "0200000000000000" + "7465737400" + "6869", `non-transactional, prefix "test"; payload (2 bytes): 68 69`},
		{"one of a transaction", []any{true, "", []byte{0, 255}},
			"05000000" + "01000000" + "0100000000000000" + "0200000000000000" + "00" + "00ff", `transactional, prefix ""; payload (2 bytes): 00 FF`},
		{"an empty one", []any{false, "p", ""},
			"05000000" + "00000000" + "0200000000000000" + "0000000000000000" + "7000", `non-transactional, prefix "p"; payload (0 bytes): `},
	} {
		t.Run(tc.says, func(t *testing.T) {
			e := rmgrtest.NewEngine(module)
			if _, err := e.Call("pg_logical_emit_message", tc.args...); err != nil {
				t.Fatal(err)
			}
			rec := e.Log[0].Record
			if got := hex.EncodeToString(rec.Main); got != tc.main {
				t.Errorf("main data\ngot  %s\nwant %s", got, tc.main)
			}
			if transactional := rec.Xid != 0; transactional != tc.args[0].(bool) {
				t.Errorf("the record has xid %d", rec.Xid)
			}
			var out bytes.Buffer
			logicalmsg.Manager{}.Describe(&out, &rec)
			if out.String() != tc.desc {
				t.Errorf("got  %s\nwant %s", out.String(), tc.desc)
			}
		})
	}
}

func TestDecode(t *testing.T) {
	e := rmgrtest.NewEngine(module)
	if _, err := e.Call("pg_logical_emit_message", true, "audit", "x"); err != nil {
		t.Fatal(err)
	}
	var got rmgr.Change
	if err := (logicalmsg.Manager{}).Decode(&e.Log[0].Record, 0, func(c rmgr.Change) { got = c }); err != nil {
		t.Fatal(err)
	}
	want := rmgr.Change{Action: "message", Object: "audit", Columns: map[string]any{
		"database": int64(5), "transactional": true, "prefix": "audit", "content": []byte("x")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
