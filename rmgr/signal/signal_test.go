package signal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
	"github.com/redoubt-wal/redoubt/rmgr/signal"
)

func TestConformance(t *testing.T) { rmgrtest.Run(t, signal.Module) }

func FuzzRedo(f *testing.F)     { rmgrtest.FuzzRedo(f, signal.Module) }
func FuzzDescribe(f *testing.F) { rmgrtest.FuzzDescribe(f, signal.Module) }

func BenchmarkRedo(b *testing.B) { rmgrtest.BenchmarkRedo(b, signal.Module) }

// The two calls of the blog post.
func TestReplayingNodeSignalsItself(t *testing.T) {
	e := rmgrtest.NewEngine(signal.Module)
	for _, args := range [][]any{{1, "Please reload."}, {9, "You are out, friend."}} {
		if _, err := e.Call("signal_rmgr", args...); err != nil {
			t.Fatal(err)
		}
	}
	if len(e.Signals) > 0 {
		t.Errorf("the writer signalled itself: %v", e.Signals)
	}
	m := signal.Module.Managers[0].Manager
	var got []rmgrtest.Signal
	var desc []string
	for _, entry := range e.Log {
		if err := (rmgrtest.Pages{}).Apply(m, entry, &got); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		m.(rmgr.Describer).Describe(&out, &entry.Record)
		desc = append(desc, m.Name()+"/"+m.Identify(entry.Record.Info)+": "+out.String())
	}
	if diff := cmp.Diff([]rmgrtest.Signal{{Number: 1, Reason: "Please reload."}, {Number: 9, Reason: "You are out, friend."}}, got); diff != "" {
		t.Errorf("signals (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"signal_rmgr/XLOG_SIGNAL_RMGR: signal 1; reason Please reload. (15 bytes)",
		"signal_rmgr/XLOG_SIGNAL_RMGR: signal 9; reason You are out, friend. (21 bytes)",
	}, desc); diff != "" {
		t.Errorf("descriptions (-want +got)\n%s", diff)
	}
	if got, want := hex.EncodeToString(e.Log[0].Record.Main), "01000000000000000f00000000000000506c656173652072656c6f61642e00"; got != want {
		t.Errorf("main data\ngot  %s\nwant %s", got, want)
	}
}

func TestOnlyFourSignals(t *testing.T) {
	e := rmgrtest.NewEngine(signal.Module)
	for n := -1; n < 40; n++ {
		_, err := e.Call("signal_rmgr", n, "why")
		var refused *rmgr.Error
		allowed := n == 1 || n == 2 || n == 9 || n == 15
		if allowed != (err == nil) || err != nil && (!errors.As(err, &refused) || refused.Code != "22023") {
			t.Errorf("signal %d: %v", n, err)
		}
	}
}
