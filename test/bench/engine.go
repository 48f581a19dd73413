package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/node"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// ourEngine is an engine that takes writes, with kv.
type ourEngine struct {
	*engine.Engine
	table *rmgr.Table
}

func engineOptions(dir string) (engine.Options, error) {
	table, err := node.LoadTable([]rmgr.Module{kv.Module}, []string{"*"})
	return engine.Options{
		Dir: filepath.ToSlash(dir), FS: vfs.OS(), Now: time.Now, Table: table, SharedBuffers: 65536, FullPageWrites: true,
		MaxWALSize: 64 << 30, CheckpointTimeout: 24 * time.Hour,
	}, err
}

func newEngine(ctx context.Context, dir string) (ourEngine, error) {
	o, err := engineOptions(dir)
	if err != nil {
		return ourEngine{}, err
	}
	if err := engine.Init(o.FS, o.Dir, engine.InitOptions{Now: o.Now(), Table: o.Table}); err != nil {
		return ourEngine{}, err
	}
	e, err := engine.Open(ctx, o)
	if err != nil {
		return ourEngine{}, err
	}
	return ourEngine{e, o.Table}, e.Promote(ctx, e.History().Timeline(), "a benchmark")
}

// write makes one record a row, not durable.
func (e ourEngine) write(ctx context.Context, workload string, rows int) error {
	fn, args := "kv_put", []any{"", strings.Repeat("x", 90)}
	if workload == "records without pages" {
		fn, args = "pg_logical_emit_message", []any{false, "b", strings.Repeat("x", 100)}
	}
	call, ok := e.table.Function(fn)
	if !ok {
		return fmt.Errorf("no function %s", fn)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		switch workload {
		case "page inserts":
			args[0] = fmt.Sprintf("%08d", i)
		case "random keys":
			args[0] = fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64()) // as long as PostgreSQL's md5
		}
		if _, err := e.Call(ctx, &call, args, func(...any) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// crash leaves what a power cut would, once the log is durable.
func (e ourEngine) crash() error {
	defer e.Abort()
	return e.Log().Flush(e.Log().InsertLSN())
}
