package engine_test

import (
	"context"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestAPowerCutAfterAKillAndARestart: the files and pages that a killed process has written are there for
// the next one, but no sync has made them durable. Without images replay finds that the ledger's pages
// have their changes, and does not write its file again.
func TestAPowerCutAfterAKillAndARestart(t *testing.T) {
	for _, images := range []bool{true, false} {
		m := vfs.NewMem()
		initDir(t, m, kv.Module, ledger.Module)
		o := options(t, m, kv.Module, ledger.Module)
		o.FullPageWrites = images
		s := storeOf(t, primary(t, o), o)
		openAccount := func(account string) {
			if _, _, err := call(s.Engine, o.Table, "ledger_open", account, int64(100)); err != nil {
				t.Fatal(err)
			}
		}
		openAccount("alice")
		if err := s.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
		openAccount("bob")
		const keys = 8000 // more pages than the pool has, so that the ledger's are written
		for i := range keys {
			s.put(key(i), value(i))
		}
		s.Abort()

		s = storeOf(t, primary(t, o), o)
		if err := s.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
		s.Abort()
		o.FS = m.PowerCut(0)
		s = storeOf(t, open(t, o), o)
		if v, _, err := call(s.Engine, o.Table, "ledger_balance", "bob"); err != nil || v != int64(100) {
			t.Errorf("images %v: the balance is %v, %v", images, v, err)
		}
		for i := range keys {
			if v, _, err := call(s.Engine, o.Table, "kv_get", key(i)); err != nil || v != value(i) {
				t.Errorf("images %v: key %d is %v, %v", images, i, v, err)
				break
			}
		}
		s.Abort()
	}
}

// TestAPowerCutAfterAFormerPrimaryWasKilled: what a primary wrote before its demotion is durable, what it
// writes as a standby is not.
func TestAPowerCutAfterAFormerPrimaryWasKilled(t *testing.T) {
	m := vfs.NewMem()
	initDir(t, m, kv.Module, ledger.Module)
	o := options(t, m, kv.Module, ledger.Module)
	withoutImages(&o)
	keepLog(&o)
	former := storeOf(t, primary(t, o), o)
	po := options(t, clone(t, former.Engine), kv.Module, ledger.Module)
	withoutImages(&po)
	keepLog(&po)
	p := storeOf(t, open(t, po), po)
	defer p.Abort()
	if err := former.Demote(context.Background()); err != nil {
		t.Fatal(err)
	}
	follow(t, former.Engine, p.Engine)
	promote(t, p.Engine, 2)
	history, err := p.Log().ReadHistory(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := former.Follow(2, history); err != nil {
		t.Fatal(err)
	}
	if _, _, err := call(p.Engine, po.Table, "ledger_open", "bob", int64(100)); err != nil {
		t.Fatal(err)
	}
	for i := range 8000 { // more pages than the pool has, so that the ledger's are written
		p.put(key(i), value(i))
	}
	if err := p.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	follow(t, p.Engine, former.Engine)
	former.Abort()

	e := open(t, o)
	if err := e.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	if e.Positions().Redo != p.Positions().Redo {
		t.Fatal("no restartpoint: the test proves nothing")
	}
	e.Abort()
	o.FS = m.PowerCut(0)
	e = open(t, o)
	defer e.Abort()
	if v, _, err := call(e, o.Table, "ledger_balance", "bob"); err != nil || v != int64(100) {
		t.Errorf("the balance is %v, %v", v, err)
	}
}
