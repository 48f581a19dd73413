package loopback_test

import (
	"context"
	"os"
	"testing"

	"github.com/redoubt-wal/redoubt/cmd/node/app"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// impostors are nodes that nobody would build on purpose: their kv has the real one's ID, name and
// version, and a bug. This test's own program is each of them when impostorName says so.
var impostors = map[string]func() []rmgr.Module{
	"anything goes": func() []rmgr.Module {
		m := kvWith(func(rmgr.Manager, rmgr.RedoContext, *wal.Record) error { return nil })
		m.Functions = append(m.Functions[:len(m.Functions):len(m.Functions)], rawFunction())
		return []rmgr.Module{m}
	},
	"panics": func() []rmgr.Module {
		return []rmgr.Module{kvWith(func(m rmgr.Manager, ctx rmgr.RedoContext, rec *wal.Record) error {
			if err := m.Redo(ctx, rec); err != nil || !ctx.Replaying() {
				return err
			}
			panic("a bug of the module")
		})}
	},
	"replays something else": func() []rmgr.Module {
		return []rmgr.Module{kvWith(func(m rmgr.Manager, ctx rmgr.RedoContext, rec *wal.Record) error {
			if err := m.Redo(ctx, rec); err != nil || !ctx.Replaying() || m.Identify(rec.Info) != "UPDATE" {
				return err
			}
			contents, _, err := ctx.Block(rec, rec.Blocks[0].ID)
			if err == nil {
				contents[page.Size-1] ^= 0x01 // in the first item that was put
			}
			return err
		})}
	},
	"two with one ID":   func() []rmgr.Module { return []rmgr.Module{kv.Module, other(kv.ID, "orders")} },
	"two with one name": func() []rmgr.Module { return []rmgr.Module{kv.Module, other(200, "KV")} },
}

// impostorName is the environment variable.
const impostorName = "LOOPBACK_IMPOSTOR"

func TestMain(m *testing.M) {
	if modules, ok := impostors[os.Getenv(impostorName)]; ok {
		os.Exit(app.Run(os.Args[1:], os.Stdout, os.Stderr, modules()...))
	}
	dir, err := os.MkdirTemp("", "loopback")
	if err != nil {
		panic(err)
	}
	builtIn = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// A wrapped manager is another one with a Redo of its own.
type wrapped struct {
	rmgr.Manager
	rmgr.Describer
	rmgr.Masker
	redo func(rmgr.Manager, rmgr.RedoContext, *wal.Record) error
}

func (w wrapped) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	return w.redo(w.Manager, ctx, rec)
}

func kvWith(redo func(rmgr.Manager, rmgr.RedoContext, *wal.Record) error) rmgr.Module {
	m := kv.Module
	r := m.Managers[0]
	r.Manager = wrapped{r.Manager, r.Manager.(rmgr.Describer), r.Manager.(rmgr.Masker), redo}
	m.Managers = []rmgr.Registration{r}
	return m
}

// rawFunction is kv_raw(info, main): it writes whatever it is given as a record of kv.
func rawFunction() rmgr.Function {
	id := kv.ID
	return rmgr.Function{
		Name: "kv_raw", Args: []rmgr.Column{{Name: "info", Type: rmgr.Int4}, {Name: "main", Type: rmgr.Bytea}}, Strict: true,
		Write: &id, Returns: []rmgr.Column{{Name: "kv_raw", Type: rmgr.PgLSN}},
		Call: func(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
			end, err := s.Emit(rmgr.NewRecord{Rmgr: kv.ID, Info: uint8(args[0].(int64)), Main: args[1].([]byte)})
			if err != nil {
				return err
			}
			return row(end)
		},
	}
}

// other is a module whose manager has an ID and a name that may be taken.
func other(id wal.RmgrID, name string) rmgr.Module {
	m := kv.Module
	r := m.Managers[0]
	r.ID, r.Manager = id, named{r.Manager, name}
	return rmgr.Module{Name: "orders", Version: "1.0.0", Managers: []rmgr.Registration{r}}
}

type named struct {
	rmgr.Manager
	name string
}

func (n named) Name() string { return n.name }
