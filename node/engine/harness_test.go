package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

const dir = "/data"

var epoch = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// table loads modules as a node does.
func table(t testing.TB, mods ...rmgr.Module) *rmgr.Table {
	t.Helper()
	tab := rmgr.NewTable()
	var names []string
	for _, m := range mods {
		names = append(names, m.Name)
	}
	if err := tab.Load(mods, names); err != nil {
		t.Fatal(err)
	}
	tab.Seal()
	return tab
}

func options(t testing.TB, fsys vfs.FS, mods ...rmgr.Module) engine.Options {
	return engine.Options{
		Dir: dir, FS: fsys, Now: func() time.Time { return epoch }, Table: table(t, mods...),
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})), SharedBuffers: 128, FullPageWrites: true, CheckpointTimeout: 24 * time.Hour,
	}
}

// initDir makes a data directory with segments of 1 MiB.
func initDir(t testing.TB, fsys vfs.FS, mods ...rmgr.Module) {
	t.Helper()
	err := engine.Init(fsys, dir, engine.InitOptions{SegmentSize: 1 << 20, SystemID: 77, Now: epoch, Table: table(t, mods...)})
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, o engine.Options) *engine.Engine {
	t.Helper()
	e, err := engine.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// primary opens a directory for writes on the timeline its log is on.
func primary(t testing.TB, o engine.Options) *engine.Engine {
	t.Helper()
	e := open(t, o)
	promote(t, e, e.History().Timeline())
	return e
}

func promote(t testing.TB, e *engine.Engine, tli wal.TimelineID) {
	t.Helper()
	if err := e.Promote(context.Background(), tli, "a test"); err != nil {
		t.Fatal(err)
	}
}

func closeEngine(t testing.TB, e *engine.Engine) {
	t.Helper()
	if err := e.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// call runs a function and returns its first row's first column.
func call(e *engine.Engine, tab *rmgr.Table, name string, args ...any) (value any, end wal.LSN, err error) {
	fn, ok := tab.Function(name)
	if !ok {
		return nil, 0, fmt.Errorf("no function %s", name)
	}
	end, err = e.Call(context.Background(), &fn, args, func(row ...any) error {
		value = row[0]
		return nil
	})
	return value, end, err
}

// A store is an engine with kv loaded.
type store struct {
	*engine.Engine
	t   testing.TB
	tab *rmgr.Table
}

func (s store) put(key, value string) {
	s.t.Helper()
	if err := s.tryPut(key, value); err != nil {
		s.t.Fatalf("put %s: %v", key, err)
	}
}

func (s store) tryPut(key, value string) error {
	_, end, err := call(s.Engine, s.tab, "kv_put", key, value)
	if err != nil {
		return err
	}
	return s.Log().Flush(end)
}

func (s store) get(key string) any {
	s.t.Helper()
	v, _, err := call(s.Engine, s.tab, "kv_get", key)
	if err != nil {
		s.t.Fatalf("get %s: %v", key, err)
	}
	return v
}

func (s store) count() int64 {
	s.t.Helper()
	v, _, err := call(s.Engine, s.tab, "kv_count")
	if err != nil {
		s.t.Fatal(err)
	}
	return v.(int64)
}

func storeOf(t testing.TB, e *engine.Engine, o engine.Options) store {
	return store{Engine: e, t: t, tab: o.Table}
}

// newStore makes a new cluster's primary with kv.
func newStore(t testing.TB, fsys vfs.FS, change ...func(*engine.Options)) (store, engine.Options) {
	t.Helper()
	initDir(t, fsys, kv.Module)
	o := options(t, fsys, kv.Module)
	for _, c := range change {
		c(&o)
	}
	return storeOf(t, primary(t, o), o), o
}

// contents is every file below a directory.
func contents(t testing.TB, fsys vfs.FS, root string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	entries, err := fsys.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := path.Join(root, e.Name())
		if e.IsDir() {
			out[name+"/"] = nil
			for k, v := range contents(t, fsys, name) {
				out[k] = v
			}
			continue
		}
		b, err := vfs.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = b
	}
	return out
}

func sameContents(t testing.TB, want, got map[string][]byte) {
	t.Helper()
	for name, b := range want {
		g, ok := got[name]
		if !ok {
			t.Errorf("%s is gone", name)
		} else if !bytes.Equal(b, g) {
			t.Errorf("%s has changed", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is new", name)
		}
	}
}

func sqlState(err error) string {
	var e *rmgr.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
