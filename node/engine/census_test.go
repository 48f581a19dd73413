package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/census"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func holder(t testing.TB, e *engine.Engine) control.Holder {
	t.Helper()
	for {
		epoch := e.CensusEpoch()
		c, err := e.Census(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if h := c.Holders[0]; !h.Unknown {
			return h
		}
		for e.CensusEpoch() == epoch { // old segments are being read
		}
	}
}

// fill writes several segments, in two formats, and leaves old log in place.
func fill(t testing.TB, m *vfs.Mem) (want []control.RecordCount) {
	t.Helper()
	initDir(t, m, kv.Module12)
	o := options(t, m, kv.Module12)
	keepLog(&o)
	s := storeOf(t, primary(t, o), o)
	for i := range 3000 {
		s.put(key(i), value(i))
	}
	closeEngine(t, s.Engine)
	o = options(t, m, kv.Module)
	keepLog(&o)
	s = storeOf(t, primary(t, o), o)
	if err := s.SetFormat(context.Background(), kv.ID, 2); err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		s.put(key(i), value(i+1))
	}
	want = holder(t, s.Engine).Records
	if len(want) != 2 || want[0].Format != 1 || want[1].Format != 2 || want[0].Count < 3000 || want[1].Count < 3000 {
		t.Fatalf("census of the writer: %+v", want)
	}
	closeEngine(t, s.Engine)
	return want
}

// A segment may hold nothing that a census counts, not even a MODULES record: it is known all the same,
// or a gate would wait for it for ever.
func TestASegmentWithoutCustomRecordsIsKnown(t *testing.T) {
	m := vfs.NewMem()
	s, o := newStore(t, m, keepLog)
	s.put("a", "1")
	want := holder(t, s.Engine).Records
	noop := func() {
		var b wal.Builder
		b.Begin(wal.RmgrXLOG, wal.XLogNoop)
		b.AddMain([]byte("nothing"))
		if err := b.Finish(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Log().Insert(&b, 0); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := s.SwitchWAL(t.Context()); err != nil {
			t.Fatal(err)
		}
		noop()
	}
	if err := s.Log().Flush(s.Log().InsertLSN()); err != nil {
		t.Fatal(err)
	}
	check := func(who string, e *engine.Engine) {
		c, err := e.Census(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if h := c.Holders[0]; h.Unknown || !slices.Equal(h.Records, want) {
			t.Errorf("%s: %+v, want records %+v", who, h, want)
		}
	}
	check("the writer", s.Engine)
	s.Abort()
	replayed := open(t, o)
	defer replayed.Abort()
	holder(t, replayed) // what is before the redo point is read in the background
	check("who has replayed it", replayed)
}

func TestTheCensusIsTheSameHoweverItIsMade(t *testing.T) {
	damage := map[string]func(t *testing.T, m *vfs.Mem){
		"kept":   func(*testing.T, *vfs.Mem) {},
		"absent": func(t *testing.T, m *vfs.Mem) { eachSidecar(t, m, func(name string) { m.Remove(name) }) },
		"damaged": func(t *testing.T, m *vfs.Mem) {
			eachSidecar(t, m, func(name string) {
				b, err := vfs.ReadFile(m, name)
				if err == nil {
					err = vfs.WriteFile(m, name, []byte(strings.Replace(string(b), `"count":`, `"count":1`, 1)), 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			})
		},
	}
	for name, harm := range damage {
		t.Run(name, func(t *testing.T) {
			m := vfs.NewMem()
			want := fill(t, m)
			harm(t, m)
			offline, err := census.ScanDir(m, dir)
			if err != nil {
				t.Fatal(err)
			}
			sameRecords(t, "offline", want, offline.Holders[0].Records)
			o := options(t, m, kv.Module)
			e := open(t, o)
			defer e.Abort()
			h := holder(t, e)
			sameRecords(t, "after a restart", want, h.Records)
			if h.From >= h.To {
				t.Errorf("from %s to %s", h.From, h.To)
			}
		})
	}
}

func eachSidecar(t *testing.T, m *vfs.Mem, fn func(name string)) {
	t.Helper()
	entries, err := m.ReadDir(dir + "/pg_wal/archive_status")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".census") {
			fn(dir + "/pg_wal/archive_status/" + e.Name())
			n++
		}
	}
	if n < 2 {
		t.Fatalf("%d census files beside the log, want several", n)
	}
}

func sameRecords(t *testing.T, when string, want, got []control.RecordCount) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %+v, want %+v", when, got, want)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: %+v, want %+v", when, got[i], want[i])
		}
	}
}

func TestTheCensusForgetsWithTheLog(t *testing.T) {
	m := vfs.NewMem()
	fill(t, m)
	o := options(t, m, kv.Module)
	s := storeOf(t, primary(t, o), o)
	defer s.Abort()
	epoch := s.CensusEpoch()
	if _, err := s.SwitchWAL(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	if h := holder(t, s.Engine); len(h.Records) != 0 {
		t.Errorf("after a checkpoint in a new segment the log still holds %+v", h.Records)
	}
	if s.CensusEpoch() == epoch {
		t.Error("the epoch did not change")
	}
	s.put("one", "more")
	if h := holder(t, s.Engine); len(h.Records) != 1 || h.Records[0].Format != 2 {
		t.Errorf("census %+v, want one kind", h.Records)
	}
}

func TestSlotsHoldWhatLiesBehindThem(t *testing.T) {
	m := vfs.NewMem()
	var slot control.Holder
	s, _ := newStore(t, m, func(o *engine.Options) {
		o.WALKeepSize = 1 << 30
		o.Slots = func() []control.Holder { return []control.Holder{slot} }
	})
	defer s.Abort()
	s.put("a", "1")
	if _, err := s.SwitchWAL(context.Background()); err != nil {
		t.Fatal(err)
	}
	slot = control.Holder{Kind: control.HolderSlot, Name: "s1", From: s.Positions().Flush, To: s.Positions().Flush}
	c, err := s.Census(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Holders) != 2 || len(c.Holders[0].Records) != 1 || len(c.Holders[1].Records) != 0 {
		t.Errorf("census %+v, want kv in pg_wal and nothing behind the slot", c)
	}
}
