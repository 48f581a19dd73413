package decoding_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/decoding"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/rmgr"
)

var update = flag.Bool("update", false, "write the golden files anew")

// on is an option as pg_recvlogical sends it.
func on(name string) replication.Option { return option(name, "1") }

func option(name, value string) replication.Option {
	return replication.Option{Name: name, Value: value, Given: true}
}

func change(action, object string, columns map[string]any) decoding.Change {
	return decoding.Change{LSN: 0x1000128, Change: rmgr.Change{Action: action, Object: object, Columns: columns}}
}

func message(transactional bool, prefix, content string) decoding.Change {
	return decoding.Change{LSN: 0x1000128, Message: &decoding.Message{Transactional: transactional, Prefix: prefix, Content: []byte(content)}}
}

// transactions are what every output is asked to print.
var transactions = []decoding.Transaction{
	{Xid: 3, Commit: 0x1000100, Time: time.Date(2026, 11, 21, 12, 0, 0, 123450000, time.UTC), Changes: []decoding.Change{
		change("insert", "kv", map[string]any{"key": "a", "value": "it's"}),
		change("update", "kv", map[string]any{"key": "a", "value": "2\n\"\\\t<&>\u2028", "old_value": "1"}),
		change("delete", "kv", map[string]any{"key": "a", "old_value": "2"}),
		change("insert", "ledger.account", map[string]any{"account": "x", "balance": int64(-9223372036854775808)}),
		change("transfer", "ledger", map[string]any{"src": "x", "dst": "y", "amount": int64(7)}),
		message(true, "audit", "who?"),
	}},
	{Xid: 4, Commit: 0x1000200, Time: time.Date(2026, 11, 21, 12, 0, 1, 0, time.UTC)},
	{Xid: 0, Commit: 0x1000300, Changes: []decoding.Change{
		change("insert", `Odd."Table`, map[string]any{"nothing": nil, "yes": true, "bytes": []byte{0, 0xFF}, "not utf-8": "a\xFF", "old_": "kept"}),
	}},
	{Xid: 5, Commit: 0x1000400, Changes: []decoding.Change{change("delete", "empty", nil)}},
	{Xid: 6, Commit: 0x1000500, Changes: []decoding.Change{message(true, "bytes", "\x00\xFF")}},
}

// printed is all of it, a message a line as pg_recvlogical writes them.
func printed(o decoding.Output) string {
	var b strings.Builder
	line := func(data []byte) {
		if data != nil {
			fmt.Fprintf(&b, "%s\n", data)
		}
	}
	for i := range transactions {
		t := &transactions[i]
		if len(t.Changes) == 0 && o.SkipsEmpty() {
			continue
		}
		line(o.Begin(t))
		for j := range t.Changes {
			line(o.Change(t, &t.Changes[j]))
		}
		line(o.Commit(t))
	}
	plain := message(false, "plain", "at once")
	line(o.Change(nil, &plain))
	return b.String()
}

func TestWhatThePluginsPrint(t *testing.T) {
	for _, c := range []struct {
		golden, plugin string
		options        []replication.Option
	}{
		{"text.golden", "test_decoding", nil},
		{"text-options.golden", "test_decoding", []replication.Option{option("include-xids", "off"), on("include-timestamp"), {Name: "skip-empty-xacts"}}},
		{"json.golden", "wal2json", nil},
		{"json-options.golden", "wal2json", []replication.Option{option("format-version", "2"), on("include-xids"), on("include-timestamp"), on("include-lsn"), on("skip-empty-xacts"), option("include-types", "f")}},
		{"json-changes-only.golden", "wal2json", []replication.Option{option("include-transaction", "no")}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			o, err := decoding.NewOutput(c.plugin, c.options)
			if err != nil {
				t.Fatal(err)
			}
			got, name := printed(o), "testdata/"+c.golden
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
		})
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		plugin            string
		option            replication.Option
		sqlstate, refusal string
	}{
		{"nope", replication.Option{}, "58P01", `could not access file "nope": No such file or directory`},
		{"test_decoding", on("bogus"), "22023", `option "bogus" = "1" is unknown`},
		{"test_decoding", replication.Option{Name: "bogus"}, "22023", `option "bogus" = "(null)" is unknown`},
		{"test_decoding", option("include-xids", "maybe"), "22023", `could not parse value "maybe" for parameter "include-xids"`},
		{"test_decoding", option("include-xids", "o"), "22023", `could not parse value "o" for parameter "include-xids"`},
		{"wal2json", option("format-version", "1"), "22023", `could not parse value "1" for parameter "format-version"`},
	} {
		_, err := decoding.NewOutput(c.plugin, []replication.Option{c.option})
		var refused *rmgr.Error
		if !errors.As(err, &refused) || refused.Code != c.sqlstate || refused.Message != c.refusal {
			t.Errorf("%s with %+v: %v, want %s %s", c.plugin, c.option, err, c.sqlstate, c.refusal)
		}
	}
}
