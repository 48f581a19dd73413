package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// withFunction is kv with one function more.
func withFunction(name string, call func(s rmgr.Session) error) rmgr.Module {
	m, id := kv.Module, wal.RmgrID(kv.ID)
	m.Functions = append(m.Functions[:len(m.Functions):len(m.Functions)], rmgr.Function{
		Name: name, Returns: []rmgr.Column{{Name: name, Type: rmgr.Int8}}, Write: &id,
		Call: func(_ context.Context, s rmgr.Session, _ []any, row func(...any) error) error {
			if err := call(s); err != nil {
				return err
			}
			return row(int64(1))
		},
	})
	return m
}

// A function that panics fails its statement and nothing else: what it had locked is free again.
func TestAFunctionThatPanicsFailsItsStatement(t *testing.T) {
	for where, f := range map[string]func(s rmgr.Session) error{
		"on its own": func(rmgr.Session) error { panic("a bug") },
		"while it looks at a page": func(s rmgr.Session) error {
			_, err := s.Page(rmgr.Rel(kv.ID, 0), wal.ForkMain, 0, func([]byte) { panic("a bug") })
			return err
		},
	} {
		t.Run(where, func(t *testing.T) {
			m := vfs.NewMem()
			module := withFunction("buggy", f)
			initDir(t, m, module)
			o := options(t, m, module)
			e := primary(t, o)
			defer e.Abort()
			if _, _, err := call(e, o.Table, "kv_put", "k", "v"); err != nil {
				t.Fatal(err)
			}
			_, _, err := call(e, o.Table, "buggy")
			var refused *rmgr.Error
			if !errors.As(err, &refused) || refused.Code != "XX000" || refused.Message != "function buggy panicked: a bug" ||
				!strings.Contains(refused.Detail, "badmodule_test.go:") {
				t.Errorf("got %v, %+v", err, refused)
			}
			if _, _, err := call(e, o.Table, "kv_put", "k", "w"); err != nil {
				t.Errorf("the next write: %v", err)
			}
		})
	}
}

// A record may change its own manager's pages only, and may not fill the disk with a wrong number.
func TestRecordsThatNameForeignOrFarPagesAreRefused(t *testing.T) {
	for why, c := range map[string]struct {
		block rmgr.NewBlock
		want  string
	}{
		"another manager's relation": {rmgr.NewBlock{Rel: rmgr.Rel(252, 0), WillInit: true},
			"a record of resource manager 251 names a page of relation 1663/5/125200, which is not its own: those are 1663/5/125100 and the 99 after it"},
		"no manager's relation": {rmgr.NewBlock{Rel: wal.RelFileLocator{Spc: 1663, DB: 5, Rel: 1259}, WillInit: true},
			"a record of resource manager 251 names a page of relation 1663/5/1259, which is not its own: those are 1663/5/125100 and the 99 after it"},
		"a page far behind the end": {rmgr.NewBlock{Rel: rmgr.Rel(251, 7), Block: 4_000_000_000, WillInit: true},
			"a record makes block 4000000000 of relation 1663/5/125107, which has 0: at most 131071 blocks may lie between"},
	} {
		t.Run(why, func(t *testing.T) {
			m := vfs.NewMem()
			module := withFunction("foreign", func(s rmgr.Session) error {
				_, err := s.Emit(rmgr.NewRecord{Rmgr: kv.ID, Main: []byte{1}, Blocks: []rmgr.NewBlock{c.block}})
				return err
			})
			initDir(t, m, module)
			o := options(t, m, module)
			e := primary(t, o)
			defer e.Abort()
			before := e.Positions().Insert
			if _, _, err := call(e, o.Table, "foreign"); err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if now := e.Positions().Insert; now != before {
				t.Errorf("the log grew from %s to %s", before, now)
			}
		})
	}
}

// A function that reads a manager's pages keeps writers out while it runs, and so would wait for itself.
func TestAFunctionThatDeclaresToReadAndWritesIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := vfs.NewMem()
		module := withFunction("sly", func(s rmgr.Session) error {
			_, err := s.Emit(rmgr.NewRecord{Rmgr: kv.ID, Main: []byte{1}})
			return err
		})
		sly := &module.Functions[len(module.Functions)-1]
		sly.Write, sly.ReadsOf = nil, sly.Write
		initDir(t, m, module)
		o := options(t, m, module)
		e := primary(t, o)
		defer e.Abort()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := e.Call(ctx, sly, nil, func(...any) error { return nil })
		if want := "function sly declares that it reads pages of resource manager 251, and emits a record"; err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if _, _, err := call(e, o.Table, "kv_put", "k", "v"); err != nil {
			t.Errorf("the next write: %v", err)
		}
	})
}

// A function that emits a record from within its look at a page holds what the record has to change. It
// would wait for itself for ever, and everybody behind it.
func TestAFunctionThatEmitsWhileItLooksAtAPageIsRefused(t *testing.T) {
	m := vfs.NewMem()
	module := withFunction("inside", func(s rmgr.Session) error {
		var emitted error
		_, err := s.Page(rmgr.Rel(kv.ID, 0), wal.ForkMain, 1, func([]byte) {
			_, emitted = s.Emit(rmgr.NewRecord{Rmgr: kv.ID, Info: 0x10, Main: []byte{2, 1, 'j'},
				Blocks: []rmgr.NewBlock{{Rel: rmgr.Rel(kv.ID, 0)}, {Rel: rmgr.Rel(kv.ID, 0), Block: 1}}})
		})
		return errors.Join(err, emitted)
	})
	initDir(t, m, module)
	o := options(t, m, module)
	e := primary(t, o)
	defer e.Abort()
	if _, _, err := call(e, o.Table, "kv_put", "k", "v"); err != nil {
		t.Fatal(err)
	}
	_, _, err := call(e, o.Table, "inside")
	if want := "function inside emits a record while it looks at a page: emit it once Page has returned"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, _, err := call(e, o.Table, "kv_put", "j", "v"); err != nil {
		t.Errorf("the next write: %v", err)
	}
}

// A function that declares nothing is called while pages change: what it sees of several need not belong
// together.
func TestAFunctionLooksAtThePagesItDeclares(t *testing.T) {
	id, other := wal.RmgrID(kv.ID), wal.RmgrID(ledger.ID)
	for why, c := range map[string]struct {
		reads *wal.RmgrID
		want  string
	}{
		"nothing":        {nil, "function peek looks at a page of relation 1663/5/125100 and does not declare whose pages it reads: set ReadsOf"},
		"another's":      {&other, "function peek looks at a page of relation 1663/5/125100, which is not one of resource manager 252, whose pages it declares to read"},
		"those it reads": {&id, ""},
	} {
		t.Run(why, func(t *testing.T) {
			m := vfs.NewMem()
			module := withFunction("peek", func(s rmgr.Session) error {
				_, err := s.Page(rmgr.Rel(kv.ID, 0), wal.ForkMain, 0, func([]byte) {})
				return err
			})
			peek := &module.Functions[len(module.Functions)-1]
			peek.Write, peek.ReadsOf = nil, c.reads
			initDir(t, m, module, ledger.Module)
			o := options(t, m, module, ledger.Module)
			e := primary(t, o)
			defer e.Abort()
			_, _, err := call(e, o.Table, "peek")
			if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}
