package recovery

import (
	"fmt"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
)

// A RedoError says which record could not be applied, in the words of PostgreSQL's error context.
type RedoError struct {
	LSN     wal.LSN
	Context string // "WAL redo at 0/151E7A8 for kv/INSERT: …; blkref #0: rel 1663/5/125100, blk 0 FPW"
	Err     error
}

func (e *RedoError) Error() string { return fmt.Sprintf("%v (%s)", e.Err, e.Context) }
func (e *RedoError) Unwrap() error { return e.Err }

// Context describes a record as PostgreSQL's error context does.
func Context(table *rmgr.Table, rec *wal.Record) string {
	var b strings.Builder
	m := manager(table, rec.Rmgr)
	fmt.Fprintf(&b, "WAL redo at %s for %s: ", rec.LSN, Operation(table, rec))
	rmgr.Describe(m, &b, rec)
	for i := range rec.Blocks {
		ref := &rec.Blocks[i]
		fmt.Fprintf(&b, "; blkref #%d: rel %s, blk %d", ref.ID, ref.Rel, ref.Block)
		if ref.Fork != wal.ForkMain {
			fmt.Fprintf(&b, ", fork %s", ref.Fork)
		}
		if ref.HasImage() {
			b.WriteString(" FPW")
		}
	}
	return b.String()
}

// Operation names a record's manager and operation: "kv/INSERT", "custom200/UNKNOWN (10)".
func Operation(table *rmgr.Table, rec *wal.Record) string {
	m := manager(table, rec.Rmgr)
	name, op := fmt.Sprintf("custom%03d", rec.Rmgr), ""
	switch {
	case m != nil:
		name, op = m.Name(), m.Identify(rec.Info&0xF0)
	case rmgr.BuiltinName(rec.Rmgr) != "":
		name = rmgr.BuiltinName(rec.Rmgr)
	}
	if op == "" {
		op = fmt.Sprintf("UNKNOWN (%X)", rec.Op())
	}
	return name + "/" + op
}

// manager finds who replays a record; those of the engine itself need no registration.
func manager(table *rmgr.Table, id wal.RmgrID) rmgr.Manager {
	switch id {
	case wal.RmgrXLOG:
		return xlog{}
	case wal.RmgrTransaction:
		return transaction{}
	case wal.RmgrStandby:
		return standby{}
	case wal.RmgrModules:
		return modules.ResourceManager{}
	}
	m, _ := table.Lookup(id)
	return m
}
