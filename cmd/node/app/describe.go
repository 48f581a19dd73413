package app

import (
	"fmt"
	"io"
	"strings"

	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
)

// managerName is the name of a record's manager, "custom200" if this binary has none.
func managerName(table *rmgr.Table, id wal.RmgrID) string {
	if m, ok := table.Lookup(id); ok {
		return m.Name()
	}
	if name := rmgr.BuiltinName(id); name != "" {
		return name
	}
	return fmt.Sprintf("custom%03d", id)
}

// operation names what a record does; of a manager that is not here only its bits are known.
func operation(table *rmgr.Table, rec *wal.Record) string {
	_, op, _ := strings.Cut(recovery.Operation(table, rec), "/")
	return op
}

// describeRecord prints a record's contents, as far as its manager tells.
func describeRecord(w io.Writer, table *rmgr.Table, rec *wal.Record) {
	if rec.Rmgr == wal.RmgrModules {
		modules.ResourceManager{}.Describe(w, rec)
		return
	}
	m, _ := table.Lookup(rec.Rmgr)
	if d, ok := m.(rmgr.Describer); ok {
		d.Describe(w, rec)
	}
}
