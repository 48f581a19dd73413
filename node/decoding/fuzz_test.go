package decoding_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/redoubt-wal/redoubt/node/decoding"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// FuzzJSONLines: whatever modules and clients have said, each message of wal2json is one line, JSON, and gives
// text back as it was.
func FuzzJSONLines(f *testing.F) {
	f.Add("insert", "kv", "key", "a", []byte("1"), int64(3), uint32(7))
	f.Add("delete", `Odd."Table`, "old_key", "2\n\"\\\t<&>\u2028", []byte{0, 0xFF}, int64(-1), uint32(0))
	f.Add("", ".", "", "\xFF", []byte(nil), int64(0), uint32(1))
	f.Fuzz(func(t *testing.T, action, object, column, text string, content []byte, number int64, xid uint32) {
		every := []string{"include-xids", "include-timestamp", "include-lsn"}
		for options := range 1 << len(every) {
			given := []bool{options&1 != 0, options&2 != 0, options&4 != 0}
			o := output(t, every, given)
			said := decoding.Change{Change: rmgr.Change{Action: action, Object: object, Columns: map[string]any{
				column: text, column + "2": content, column + "3": number, column + "4": nil,
			}}}
			told := decoding.Change{Message: &decoding.Message{Prefix: text, Content: content}}
			tx := &decoding.Transaction{Xid: xid, Time: time.Unix(number%(1<<33), 0).UTC(), Changes: []decoding.Change{said, told}}
			for _, line := range [][]byte{o.Begin(tx), o.Change(tx, &said), o.Commit(tx)} {
				isALine(t, line)
			}
			line := o.Change(tx, &told)
			isALine(t, line)
			var m struct{ Prefix, Content string }
			if err := json.Unmarshal(line, &m); err != nil {
				t.Fatal(err)
			}
			if utf8.ValidString(text) && m.Prefix != text {
				t.Errorf("prefix %q came back as %q", text, m.Prefix)
			}
			if utf8.Valid(content) && m.Content != string(content) {
				t.Errorf("content %q came back as %q", content, m.Content)
			}
		}
	})
}

func output(t *testing.T, names []string, given []bool) decoding.Output {
	t.Helper()
	options := []replication.Option{option("format-version", "2")}
	for i, name := range names {
		if given[i] {
			options = append(options, on(name))
		}
	}
	o, err := decoding.NewOutput("wal2json", options)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func isALine(t *testing.T, line []byte) {
	t.Helper()
	if !json.Valid(line) || bytes.ContainsAny(line, "\n\r") {
		t.Errorf("not one line of JSON: %q", line)
	}
}
