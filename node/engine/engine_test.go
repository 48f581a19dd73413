package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func TestInitThenWriteThenReadAfterEveryKindOfStop(t *testing.T) {
	stops := map[string]func(t *testing.T, m *vfs.Mem, s store) *vfs.Mem{
		"close":   func(t *testing.T, m *vfs.Mem, s store) *vfs.Mem { closeEngine(t, s.Engine); return m },
		"sigquit": func(t *testing.T, m *vfs.Mem, s store) *vfs.Mem { s.Abort(); return m },
		"power cut": func(t *testing.T, m *vfs.Mem, s store) *vfs.Mem {
			after := m.PowerCut(0)
			s.Abort()
			return after
		},
		"demote, then close": func(t *testing.T, m *vfs.Mem, s store) *vfs.Mem {
			if err := s.Demote(context.Background()); err != nil {
				t.Fatal(err)
			}
			if got := s.count(); got != 500 {
				t.Errorf("%d keys can be read after demotion, want 500", got)
			}
			closeEngine(t, s.Engine)
			return m
		},
	}
	for name, stop := range stops {
		t.Run(name, func(t *testing.T) {
			m := vfs.NewMem()
			s, _ := newStore(t, m)
			for i := range 500 {
				s.put(fmt.Sprintf("key%04d", i), strings.Repeat("v", i%300))
				if i == 200 {
					if err := s.Checkpoint(context.Background()); err != nil {
						t.Fatal(err)
					}
				}
			}
			m = stop(t, m, s)

			o := options(t, m, kv.Module)
			s = storeOf(t, open(t, o), o)
			if !s.InRecovery() {
				t.Error("not in recovery after Open")
			}
			for round := range 2 {
				if got := s.count(); got != 500 {
					t.Errorf("%d keys, want 500", got)
				}
				for i := range 500 {
					if got := s.get(fmt.Sprintf("key%04d", i)); got != strings.Repeat("v", i%300) {
						t.Fatalf("key%04d is %v", i, got)
					}
				}
				if round == 0 {
					promote(t, s.Engine, 1)
				}
			}
			s.put("more", "1")
			closeEngine(t, s.Engine)
		})
	}
}

func TestWritesAreRefusedInRecovery(t *testing.T) {
	m := vfs.NewMem()
	initDir(t, m, kv.Module)
	o := options(t, m, kv.Module)
	s := storeOf(t, open(t, o), o)
	defer s.Abort()
	if got := sqlState(s.tryPut("a", "1")); got != "25006" {
		t.Errorf("SQLSTATE %q, want 25006", got)
	}
	if got := s.count(); got != 0 {
		t.Errorf("%d keys, want none", got)
	}
}

// TestAnInterruptedInitLeavesNothingThatLooksWhole cuts the power at every operation of Init: what is
// left can be initialised again, or is whole, settings included.
func TestAnInterruptedInitLeavesNothingThatLooksWhole(t *testing.T) {
	m := vfs.NewMem()
	m.Record()
	o := options(t, m, kv.Module)
	made := engine.InitOptions{SegmentSize: 1 << 20, Now: epoch, Table: o.Table, Files: map[string][]byte{"settings": []byte("strict")}}
	if err := engine.Init(m, o.Dir, made); err != nil {
		t.Fatal(err)
	}
	for op := range m.Ops() + 1 {
		for variant := op % 3; variant < vfs.Variants; variant += 3 {
			after := m.Crash(op, variant)
			o.FS = after
			if err := engine.Init(after, o.Dir, made); err != nil && !errors.Is(err, engine.ErrNotEmpty) {
				t.Errorf("power cut before operation %d, variant %d: init again: %v", op, variant, err)
			}
			if got, err := vfs.ReadFile(after, o.Dir+"/settings"); string(got) != "strict" || err != nil {
				t.Errorf("power cut before operation %d, variant %d: the settings are %q, %v", op, variant, got, err)
			}
			e, err := engine.Open(t.Context(), o)
			if err != nil {
				t.Fatalf("power cut before operation %d, variant %d: %v", op, variant, err)
			}
			e.Abort()
		}
	}
}

// A record that cannot be read would be taken for the log's end by a start, which makes a new one: nobody
// would notice.
func TestTheLogOfANewDirectoryIsACheckpointAndModulesToItsEnd(t *testing.T) {
	m := vfs.NewMem()
	initDir(t, m, kv.Module)
	src := segment.NewSource(m, dir+"/pg_wal", 1<<20, wal.NewHistory(1))
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: 1 << 20, SystemID: 77})
	r.Seek(1 << 20)
	for _, want := range []wal.RmgrID{wal.RmgrXLOG, wal.RmgrModules} {
		if rec, err := r.Next(); err != nil || rec.Rmgr != want {
			t.Fatalf("got %+v, %v, want a record of manager %d", rec, err, want)
		}
	}
	var broken *wal.RecordError
	if rec, err := r.Next(); !errors.As(err, &broken) || !strings.Contains(err.Error(), "nothing was written here") {
		t.Errorf("after them: %+v, %v", rec, err)
	}
}

func TestInitLeavesOtherDirectoriesAlone(t *testing.T) {
	m := vfs.NewMem()
	if err := m.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := vfs.WriteFile(m, dir+"/precious", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := contents(t, m, dir)
	err := engine.Init(m, dir, engine.InitOptions{Now: epoch, Table: table(t, kv.Module)})
	if !errors.Is(err, engine.ErrNotEmpty) {
		t.Errorf("got %v, want ErrNotEmpty", err)
	}
	sameContents(t, before, contents(t, m, dir))
}

func TestASecondNodeCannotUseTheDirectory(t *testing.T) {
	m := vfs.NewMem()
	s, o := newStore(t, m)
	defer s.Abort()
	if _, err := engine.Open(context.Background(), o); err == nil {
		t.Error("a second engine opened the directory")
	}
}

func TestMissingModuleRefusesStartAndTouchesNothing(t *testing.T) {
	m := vfs.NewMem()
	s, _ := newStore(t, m)
	s.put("a", "1")
	s.Abort()
	before := contents(t, m, dir)
	_, err := engine.Open(context.Background(), options(t, m))
	if err == nil || !strings.Contains(err.Error(), "resource manager with ID 251 not registered") || !strings.Contains(err.Error(), `"kv", version 1.3.0`) {
		t.Errorf("got %v", err)
	}
	sameContents(t, before, contents(t, m, dir))

	o := options(t, m, kv.Module)
	s = storeOf(t, open(t, o), o)
	defer s.Abort()
	if got := s.get("a"); got != "1" {
		t.Errorf("with the module again, a is %v", got)
	}
}

func TestOldModuleRefusesNewerFormat(t *testing.T) {
	m := vfs.NewMem()
	s, _ := newStore(t, m)
	s.put("a", "1")
	s.Abort()
	before := contents(t, m, dir)
	_, err := engine.Open(context.Background(), options(t, m, kv.Module12))
	if err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("got %v", err)
	}
	sameContents(t, before, contents(t, m, dir))
}

func TestDamageInTheMiddleIsNamedAndNothingIsTouched(t *testing.T) {
	m := vfs.NewMem()
	s, _ := newStore(t, m)
	var at wal.LSN
	for i := range 3000 {
		s.put(fmt.Sprintf("key%05d", i), strings.Repeat("v", 700))
		if i == 100 {
			at = s.Log().FlushedLSN()
		}
	}
	s.Abort()
	f, err := m.OpenFile(dir+"/pg_wal/"+wal.SegmentName(1, at, 1<<20), 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{0xFF, 0xFE, 0xFD}, int64(at%(1<<20))+50); err != nil {
		t.Fatal(err)
	}
	f.Close()
	before := contents(t, m, dir)
	_, err = engine.Open(context.Background(), options(t, m, kv.Module))
	if !errors.Is(err, wal.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
	sameContents(t, before, contents(t, m, dir))
}
