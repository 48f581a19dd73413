package engine_test

import (
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// explosive is kv with a bug: it changes the page and then panics.
type explosive struct{ rmgr.Manager }

func (m explosive) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	if err := m.Manager.Redo(ctx, rec); err != nil {
		return err
	}
	panic("a bug")
}

// careful is explosive that keeps what it changes, as kv does; of explosive's pages copies are kept.
type careful struct{ explosive }

func (careful) KeepsWhatItChanges() {}

func buggy() rmgr.Module {
	return kvWith(func(m rmgr.Manager) rmgr.Manager { return explosive{m} })
}

// kvWith is kv with its manager inside another.
func kvWith(wrap func(rmgr.Manager) rmgr.Manager) rmgr.Module {
	m := kv.Module
	m.Managers = append(m.Managers[:0:0], m.Managers...)
	m.Managers[0].Manager = wrap(m.Managers[0].Manager)
	return m
}

func TestAWriteThatPanicsLeavesFullPagesAsTheyWere(t *testing.T) {
	for name, wrap := range map[string]func(rmgr.Manager) rmgr.Manager{
		"of a manager that does not keep": func(m rmgr.Manager) rmgr.Manager { return explosive{m} },
		"of a keeper":                     func(m rmgr.Manager) rmgr.Manager { return careful{explosive{m}} },
	} {
		t.Run(name, func(t *testing.T) {
			m := vfs.NewMem()
			s, _ := newStore(t, m)
			for _, k := range []string{"a", "k", "z"} {
				s.put(k, "before")
			}
			closeEngine(t, s.Engine)
			o := options(t, m, kvWith(wrap))
			e := primary(t, o)
			defer e.Abort()
			for _, args := range [][]any{{"kv_put", "b", "new"}, {"kv_put", "k", "other"}, {"kv_put", "k", "a longer one"}, {"kv_delete", "k"}} {
				if _, _, err := call(e, o.Table, args[0].(string), args[1:]...); err == nil || !strings.Contains(err.Error(), "a bug") {
					t.Errorf("%v: got %v", args, err)
				}
				for k, want := range map[string]any{"a": "before", "b": nil, "k": "before", "z": "before"} {
					if got, _, err := call(e, o.Table, "kv_get", k); err != nil || got != want {
						t.Errorf("after %v: kv_get(%s) answers %v, %v, want %v", args, k, got, err, want)
					}
				}
				if got, _, err := call(e, o.Table, "kv_count"); err != nil || got != int64(3) {
					t.Errorf("after %v: kv_count answers %v, %v, want 3", args, got, err)
				}
			}
		})
	}
}

func TestAModuleThatPanicsOnTheWayInRefusesTheWriteAndNothingElse(t *testing.T) {
	m := vfs.NewMem()
	initDir(t, m, kv.Module)
	o := options(t, m, buggy())
	e := primary(t, o)
	defer e.Abort()
	before := e.Positions().Insert
	_, _, err := call(e, o.Table, "kv_put", "k", "v")
	if err == nil || !strings.Contains(err.Error(), "redo of kv/") || !strings.Contains(err.Error(), "a bug") {
		t.Errorf("got %v", err)
	}
	if now := e.Positions().Insert; now != before {
		t.Errorf("the log grew from %s to %s", before, now)
	}
	if got, _, err := call(e, o.Table, "kv_get", "k"); err != nil || got != nil {
		t.Errorf("kv_get answers %v, %v: the page was not put back", got, err)
	}
}

func TestAModuleThatPanicsInReplayPausesItBeforeTheRecord(t *testing.T) {
	m := vfs.NewMem()
	s, _ := newStore(t, m)
	s.put("k", "v")
	s.Abort()
	e := open(t, options(t, m, buggy()))
	p := e.ReplayPause()
	if p == nil || p.Reason != "RedoFailed" {
		t.Fatalf("pause is %+v", p)
	}
	for _, word := range []string{"kv/", "panicked", "a bug", "WAL redo at " + p.LSN.String()} {
		if !strings.Contains(p.Detail, word) {
			t.Errorf("%q does not say %q", p.Detail, word)
		}
	}
	e.Abort()
	// The log is untouched: the mended module replays it.
	o := options(t, m, kv.Module)
	e = open(t, o)
	defer e.Abort()
	if got, _, err := call(e, o.Table, "kv_get", "k"); err != nil || got != "v" {
		t.Errorf("kv_get answers %v, %v", got, err)
	}
}
