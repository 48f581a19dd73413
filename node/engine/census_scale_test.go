package engine_test

import (
	"context"
	"errors"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/census"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// many is how many segments the gate must be able to ask about without anybody noticing.
const many = 1000

// manySegments leaves a closed directory whose log is that long: kv in each segment, in format 1 up to
// the middle and then in 2, and ledger in every third.
func manySegments(t testing.TB) engine.Options {
	t.Helper()
	fsys, where := sparse{vfs.OS()}, t.TempDir()
	ctx := context.Background()
	var o engine.Options
	for half, mods := range [][]rmgr.Module{{kv.Module12, ledger.Module}, {kv.Module, ledger.Module}} {
		o = options(t, fsys, mods...)
		o.Dir, o.WALKeepSize = where, 4<<30
		if half == 0 {
			init := engine.InitOptions{SegmentSize: 1 << 20, SystemID: 77, Now: epoch, Table: o.Table}
			if err := engine.Init(fsys, where, init); err != nil {
				t.Fatal(err)
			}
		}
		s := storeOf(t, primary(t, o), o)
		if half == 1 {
			if err := s.SetFormat(ctx, kv.ID, 2); err != nil {
				t.Fatal(err)
			}
		}
		for i := range many / 2 {
			s.put(key(i%50), value(i))
			if i%3 == 0 {
				if _, _, err := call(s.Engine, o.Table, "ledger_open", key(many*half+i), int64(i)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.SwitchWAL(ctx); err != nil {
				t.Fatal(err)
			}
		}
		closeEngine(t, s.Engine)
	}
	return o
}

// readAll counts the custom records of a directory by reading its log from end to end.
func readAll(t testing.TB, o engine.Options) []control.RecordCount {
	t.Helper()
	src := segment.NewSource(o.FS, path.Join(o.Dir, "pg_wal"), 1<<20, wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: 1 << 20, SystemID: 77})
	var inForce modules.Snapshot
	counts := map[wal.RmgrID]map[rmgr.Format]*control.RecordCount{kv.ID: {}, ledger.ID: {}}
	if _, err := r.FindFirst(1 << 20); err != nil {
		t.Fatal(err)
	}
	for {
		rec, err := r.Next()
		if errors.Is(err, wal.ErrTornTail) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		of, custom := counts[rec.Rmgr]
		switch {
		case rec.Rmgr == wal.RmgrModules:
			if inForce, err = modules.Decode(rec.Main); err != nil {
				t.Fatal(err)
			}
		case custom:
			format := inForce.Format(rec.Rmgr)
			if of[format] == nil {
				name := map[wal.RmgrID]string{kv.ID: "kv", ledger.ID: "ledger"}[rec.Rmgr]
				of[format] = &control.RecordCount{Rmgr: uint8(rec.Rmgr), Name: name, Module: name, Format: uint16(format), First: rec.LSN}
			}
			of[format].Count++
			of[format].Last = rec.LSN
		}
	}
	return []control.RecordCount{*counts[kv.ID][1], *counts[kv.ID][2], *counts[ledger.ID][1]}
}

func TestTheCensusOfAThousandSegmentsIsWhatAScanSays(t *testing.T) {
	o := manySegments(t)
	want := readAll(t, o)
	for _, kind := range want {
		if kind.Count < many/4 {
			t.Fatalf("the log holds too little to tell: %+v", want)
		}
	}
	offline, err := census.ScanDir(o.FS, o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, offline.Holders[0].Records); diff != "" {
		t.Error("offline:", diff)
	}
	e := open(t, o)
	defer e.Abort()
	if diff := cmp.Diff(want, holder(t, e).Records); diff != "" {
		t.Error("of a running node:", diff)
	}
}
