package decoding_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/node/decoding"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// words is a manager whose records are words; a record of "!" cannot be decoded, "?" panics.
type words struct{}

const wordsID wal.RmgrID = 200

func (words) Name() string                             { return "words" }
func (words) Redo(rmgr.RedoContext, *wal.Record) error { return nil }
func (words) Identify(uint8) string                    { return "WORD" }
func (words) Decode(rec *wal.Record, f rmgr.Format, emit func(rmgr.Change)) error {
	switch word := string(rec.Main); word {
	case "!":
		return errors.New("no word")
	case "?":
		panic("no question")
	case "-":
	default:
		emit(rmgr.Change{Action: "insert", Object: fmt.Sprintf("words%d", f), Columns: map[string]any{"w": word}})
	}
	return nil
}

var wordsModule = rmgr.Module{Name: "words", Version: "1.0.0", Managers: []rmgr.Registration{
	{ID: wordsID, Manager: words{}, Writes: rmgr.FormatRange{Min: 1, Max: 3}, Replays: rmgr.FormatRange{Min: 1, Max: 3}}}}

// A tape is a log that is written by hand.
type tape struct {
	*segment.Log
	t       *testing.T
	builder wal.Builder
	places  map[string]wal.LSN // where a step's record begins
}

// newTape writes steps: "7:word" is a record with xid 7, "commit 7", "commit 7 8" with a
// subtransaction, "abort 7", "modules 2" puts format 2 in force, "message 7 true" and "recovery".
func newTape(t *testing.T, steps ...string) *tape {
	t.Helper()
	log, err := segment.Open(segment.Options{FS: vfs.NewMem(), Dir: "pg_wal", SegmentSize: mib, SystemID: 77, Timeline: 1})
	must(t, err)
	t.Cleanup(func() { log.Close() })
	must(t, log.StartInsert(mib, 0, 1))
	w := &tape{Log: log, t: t, places: map[string]wal.LSN{}}
	w.write(steps...)
	return w
}

func (w *tape) write(steps ...string) {
	w.t.Helper()
	for _, step := range steps {
		b := &w.builder
		var x, sub uint32
		var n int
		var flag bool
		switch {
		case scan(step, "commit %d %d", &x, &sub):
			main, info := wal.XactEnd{Subxacts: []uint32{sub}}.Append(nil)
			b.Begin(wal.RmgrTransaction, wal.XactCommit|info)
			b.SetXid(x)
			b.AddMain(main)
		case scan(step, "commit %d", &x), scan(step, "abort %d", &x):
			main, info := wal.XactEnd{}.Append(nil)
			op := wal.XactCommit
			if step[0] == 'a' {
				op = wal.XactAbort
			}
			b.Begin(wal.RmgrTransaction, op|info)
			b.SetXid(x)
			b.AddMain(main)
		case scan(step, "modules %d", &n):
			s := modules.Initial(tableOf(w.t, []rmgr.Module{wordsModule}).Manifest())
			s.Modules[0].Managers[0].Format = rmgr.Format(n)
			main, err := s.Encode()
			must(w.t, err)
			b.Begin(wal.RmgrModules, modules.OpModules)
			b.AddMain(main)
		case scan(step, "message %d %t", &x, &flag):
			b.Begin(wal.RmgrLogicalMessage, wal.LogicalMessageOp)
			b.SetXid(x)
			b.AddMain(wal.LogicalMessage{Database: decoding.Database, Transactional: flag, Prefix: "p"}.Append(nil))
		case step == "message of another database":
			b.Begin(wal.RmgrLogicalMessage, wal.LogicalMessageOp)
			b.AddMain(wal.LogicalMessage{Database: 1, Prefix: "p"}.Append(nil))
		case step == "recovery":
			b.Begin(wal.RmgrXLOG, wal.XLogEndOfRecovery)
			b.AddMain(wal.EndOfRecovery{Timeline: 1, PrevTimeline: 1}.Append(nil))
		default:
			xid, word, ok := strings.Cut(step, ":")
			if !ok || !scan(xid, "%d", &x) {
				w.t.Fatalf("what is %q?", step)
			}
			b.Begin(wordsID, 0)
			b.SetXid(x)
			b.AddMain([]byte(word))
		}
		must(w.t, b.Finish())
		at, end, err := w.Insert(b, 0)
		must(w.t, err)
		w.places[step] = at
		must(w.t, w.Flush(end))
	}
}

func scan(text, format string, into ...any) bool {
	n, err := fmt.Sscanf(text+"\n", format+"\n", into...)
	return err == nil && n == len(into)
}

// decoder reads the tape from a place; what commits at from or later is delivered.
func (w *tape) decoder(restart, from wal.LSN) *decoding.Decoder {
	w.t.Helper()
	o, err := decoding.NewOutput("test_decoding", nil)
	must(w.t, err)
	return decoding.NewDecoder(decoding.Options{
		Source: w.NewSource(wal.NewHistory(1)), SegmentSize: mib, SystemID: 77, Table: tableOf(w.t, []rmgr.Module{wordsModule}),
		Slot: "s", Restart: restart, From: from, Output: o,
	})
}

// said is what a decoder gives up to the end of the log, in short: "7[a b]".
func said(t *testing.T, d *decoding.Decoder) string {
	t.Helper()
	var b strings.Builder
	for {
		more, err := d.Read(func(_ wal.LSN, data []byte) error {
			text := string(data)
			switch {
			case strings.HasPrefix(text, "BEGIN "):
				b.WriteString(" " + text[6:] + "[")
			case strings.HasPrefix(text, "COMMIT "):
				b.WriteString("]")
			case strings.HasPrefix(text, "message"):
				b.WriteString(" message")
			default:
				text = strings.NewReplacer("table public.words", " ", ": INSERT: w[text]:'", "", "'", "").Replace(text)
				b.WriteString(text)
			}
			return nil
		})
		if err != nil {
			return strings.TrimSpace(b.String() + " ! " + err.Error())
		}
		if !more {
			return strings.TrimSpace(b.String())
		}
	}
}

func TestTheOrderOfDelivery(t *testing.T) {
	for _, c := range []struct{ says, steps, want string }{
		{"records without xid come at once", "modules 1|0:a|0:b", "0[ 1a] 0[ 1b]"},
		{"transactions come in the order of their commits", "modules 1|7:a|8:b|7:c|commit 8|commit 7", "8[ 1b] 7[ 1a 1c]"},
		{"what is aborted does not come", "modules 1|7:a|8:b|abort 7|commit 8", "8[ 1b]"},
		{"what is not committed yet does not come", "modules 1|7:a|0:b", "0[ 1b]"},
		{"subtransactions come with their parent, in the order of the log", "modules 1|8:a|7:b|8:c|commit 7 8", "7[ 1a 1b 1c]"},
		{"a transaction without changes is an empty one", "modules 1|7:-|commit 7", "7[]"},
		{"a COMMIT of a transaction without any record says nothing", "modules 1|commit 7", ""},
		{"each record is in the format that was in force at its place", "modules 1|7:a|modules 2|7:b|0:c|modules 3|commit 7", "0[ 2c] 7[ 1a 2b]"},
		{"a message that is not transactional comes at once, also out of a transaction", "modules 1|7:a|message 7 false|message 0 false|commit 7", "message message 7[ 1a]"},
		{"one that is transactional comes with its transaction", "modules 1|message 7 true|0:a|commit 7", "0[ 1a] 7[ message]"},
		{"a message of another database does not come", "modules 1|message of another database", ""},
		{"what a crash has left without COMMIT was applied: it comes when recovery ends, messages do not", "modules 1|7:a|message 8 true|recovery|commit 8|0:b", "0[ 1a] 0[ 1b]"},
		{"a record that cannot be decoded ends the stream", "modules 1|0:a|0:!", "0[ 1a] ! could not decode record at HERE of resource manager words: no word"},
		{"a module that panics ends the stream only", "modules 1|0:?", "! could not decode record at HERE of resource manager words: panic: no question"},
	} {
		t.Run(c.says, func(t *testing.T) {
			w := newTape(t, strings.Split(c.steps, "|")...)
			got := said(t, w.decoder(w.places["modules 1"], 0))
			for _, bad := range []string{"0:!", "0:?"} {
				got = strings.Replace(got, w.places[bad].String()+" of", "HERE of", 1)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOnlyWhatCommitsFromTheStartPointOnIsDelivered(t *testing.T) {
	w := newTape(t, "modules 1", "7:a", "0:b", "8:c", "commit 8", "message 0 false", "commit 7")
	start := w.places["modules 1"]
	for from, want := range map[string]string{
		"0:b":             "0[ 1b] 8[ 1c] message 7[ 1a]",
		"8:c":             "8[ 1c] message 7[ 1a]",
		"commit 8":        "8[ 1c] message 7[ 1a]",
		"message 0 false": "message 7[ 1a]",
		"commit 7":        "7[ 1a]",
	} {
		if got := said(t, w.decoder(start, w.places[from])); got != want {
			t.Errorf("from %s: got %s, want %s", from, got, want)
		}
	}
}

// Wherever a client stops confirming, decoding again from the restart point gives all that commits
// behind it.
func TestRestartPointsLoseNothing(t *testing.T) {
	w := newTape(t)
	var ends []wal.LSN
	for _, step := range []string{"modules 1", "5:a", "modules 2", "6:b", "commit 5", "7:c", "modules 3", "0:d", "commit 6", "8:e", "modules 3", "commit 7", "abort 8", "9:f", "commit 9"} {
		w.write(step)
		ends = append(ends, w.FlushedLSN())
	}
	start := w.places["modules 1"]
	moved := 0
	for _, confirmed := range ends {
		first := w.decoder(start, 0)
		said(t, first)
		restart := first.Restart(confirmed)
		got, want := said(t, w.decoder(restart, confirmed)), said(t, w.decoder(start, confirmed))
		if got != want {
			t.Errorf("confirmed %s, restarted from %s: got %s, want %s", confirmed, restart, got, want)
		}
		if restart > start {
			moved++
		}
	}
	if moved < 4 {
		t.Errorf("the restart point moved for %d of %d confirmations only", moved, len(ends))
	}
	last := w.decoder(start, 0)
	said(t, last)
	if got, want := last.Restart(ends[len(ends)-1]), w.places["modules 2"]; got != want { // transaction 7 was open at the last
		t.Errorf("in the end it is %s, want %s", got, want)
	}
}

func TestDecodingGoesOnAsTheLogGrows(t *testing.T) {
	w := newTape(t, "modules 1", "7:a")
	d := w.decoder(w.places["modules 1"], 0)
	defer d.Close()
	for _, row := range []struct{ step, want string }{{"0:b", "0[ 1b]"}, {"commit 7", "7[ 1a]"}, {"0:c", "0[ 1c]"}} {
		w.write(row.step)
		if got := said(t, d); got != row.want || d.Position() != w.FlushedLSN() {
			t.Errorf("after %s: %s at %s, want %s at %s", row.step, got, d.Position(), row.want, w.FlushedLSN())
		}
	}
}

func TestLogThatIsGoneIsSaid(t *testing.T) {
	w := newTape(t, "modules 1", "0:a")
	o, err := decoding.NewOutput("test_decoding", nil)
	must(t, err)
	d := decoding.NewDecoder(decoding.Options{Source: gone{}, SegmentSize: mib, SystemID: 77, Table: rmgr.NewTable(), Slot: "s", Restart: w.places["0:a"], Output: o})
	_, err = d.Read(nil)
	if sqlState(err) != "58P01" || !strings.Contains(err.Error(), "has already been removed") {
		t.Errorf("got %v", err)
	}
}

type gone struct{ io.Closer }

func (gone) ReadPages(wal.LSN, int) ([]byte, error) { return nil, wal.ErrNoPage }
