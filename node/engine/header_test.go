package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// spoiler is kv that spoils the header of each page it makes.
type spoiler struct {
	rmgr.Manager
	spoil func(p []byte)
}

func (m spoiler) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	if err := m.Manager.Redo(ctx, rec); err != nil {
		return err
	}
	p, _, err := ctx.Block(rec, 1)
	m.spoil(p)
	return err
}

// A page that a module leaves must be one that can be read again: what was accepted and written would be
// taken for damage after the next start.
func TestAPageThatCouldNotBeReadAgainIsRefused(t *testing.T) {
	for what, spoil := range map[string]func(p []byte){
		"lower behind upper":   func(p []byte) { page.SetLower(p, page.Size) },
		"upper behind special": func(p []byte) { page.SetUpper(p, page.Size) },
		"unknown flags":        func(p []byte) { p[11] = 1 },
		"no lower":             func(p []byte) { page.SetLower(p, 0) },
		"zeros":                func(p []byte) { clear(p) },
	} {
		t.Run(what, func(t *testing.T) {
			m := vfs.NewMem()
			initDir(t, m, kv.Module)
			o := options(t, m, kvWith(func(m rmgr.Manager) rmgr.Manager { return spoiler{m, spoil} }))
			e := primary(t, o)
			if _, _, err := call(e, o.Table, "kv_put", "k", "v"); err == nil || !strings.Contains(err.Error(), "kv left block 1 (reference 1) with") {
				t.Errorf("got %v", err)
			}
			if err := e.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			e = open(t, o)
			defer e.Abort()
			if _, err := e.PageDigests(context.Background()); err != nil {
				t.Errorf("after a restart: %v", err)
			}
		})
	}
}
