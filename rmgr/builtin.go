package rmgr

import "github.com/redoubt-wal/redoubt/wal"

// builtinNames are PostgreSQL's managers by ID, as pg_waldump prints them. A node registers only
// those it replays, but no module may take any of these names.
var builtinNames = [...]string{
	"XLOG", "Transaction", "Storage", "CLOG", "Database", "Tablespace", "MultiXact", "RelMap",
	"Standby", "Heap2", "Heap", "Btree", "Hash", "Gin", "Gist", "Sequence", "SPGist", "BRIN",
	"CommitTs", "ReplicationOrigin", "Generic", "LogicalMessage",
}

// modulesName is the name of the one manager of ours that is built in: it carries the MODULES record.
const modulesName = "Modules"

// BuiltinName is the name of a manager that belongs to the engine: PostgreSQL's own 0–21 and
// Redoubt's Modules (250). It is "" for any other ID.
func BuiltinName(id wal.RmgrID) string {
	switch {
	case int(id) < len(builtinNames):
		return builtinNames[id]
	case id == wal.RmgrModules:
		return modulesName
	}
	return ""
}
