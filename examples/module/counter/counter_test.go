package counter_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"

	"example.com/counter-node/counter"
)

// Everything that a node expects of a module, for each format that it writes.
func TestConformance(t *testing.T) { rmgrtest.Run(t, counter.Module) }

func FuzzRedo(f *testing.F)     { rmgrtest.FuzzRedo(f, counter.Module) }
func FuzzDescribe(f *testing.F) { rmgrtest.FuzzDescribe(f, counter.Module) }

func TestCounting(t *testing.T) {
	e := rmgrtest.NewEngine(counter.Module)
	for i, tc := range []struct {
		call []any
		want any
		code string
	}{
		{[]any{"counter_get", "visits"}, int64(0), ""},
		{[]any{"counter_add", "visits"}, int64(1), ""},
		{[]any{"counter_add", "visits", 41}, int64(42), ""},
		{[]any{"counter_add", "other", -7}, int64(-7), ""},
		{[]any{"counter_get", "visits"}, int64(42), ""},
		{[]any{"counter_add", nil, 1}, nil, ""},
		{[]any{"counter_add", "visits", int64(math.MaxInt64)}, nil, "22003"},
		{[]any{"counter_add", "", 1}, nil, "22023"},
		{[]any{"counter_add", "a name of more than thirty-two bytes", 1}, nil, "22023"},
	} {
		got, err := e.Scalar(tc.call[0].(string), tc.call[1:]...)
		var refused *rmgr.Error
		if errors.As(err, &refused); got != tc.want || (err != nil) != (tc.code != "") || tc.code != "" && refused.Code != tc.code {
			t.Errorf("%d: %v: got %v, %v", i, tc.call, got, err)
		}
	}
}

// Records are on disk: these bytes must be readable for ever.
func TestGoldenRecords(t *testing.T) {
	for f, want := range map[rmgr.Format]string{
		1: "01" + "2a00000000000000" + "76",
		2: "02" + "2a00000000000000" + "0100000000000000" + "76",
	} {
		e := rmgrtest.NewEngine(counter.Module)
		e.SetFormat(counter.ID, f)
		for _, n := range []int{1, 42} {
			if _, err := e.Call("counter_add", "v", n); err != nil {
				t.Fatal(err)
			}
		}
		if got := fmt.Sprintf("%x", e.Log[1].Record.Main); got != want {
			t.Errorf("format %d: got %s, want %s", f, got, want)
		}
	}
}

// Format 2 finds a replica that has another value.
func TestADivergedReplicaIsFound(t *testing.T) {
	e, other := rmgrtest.NewEngine(counter.Module), rmgrtest.NewEngine(counter.Module)
	for range 2 {
		if _, err := e.Call("counter_add", "v", 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := other.Call("counter_add", "v", 5); err != nil {
		t.Fatal(err)
	}
	if err := other.Pages.Apply(counter.Module.Managers[0].Manager, e.Log[1], nil); err == nil {
		t.Error("1 was added to 5 where the record says 1")
	}
}
