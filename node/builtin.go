package node

import (
	"github.com/redoubt-wal/redoubt/node/control"
	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/logicalmsg"
)

// registerBuiltin adds the managers that belong to every node and publish functions. Those that are
// about the log itself are the engine's.
func registerBuiltin(table *rmgr.Table) error {
	return table.RegisterBuiltin(logicalmsg.ID, logicalmsg.Manager{}, logicalmsg.Functions()...)
}

// addBuiltin adds the server's own functions and views.
func (n *Node) addBuiltin(*sql.Registry) error { return nil }

// samples are the engine's counters for /metrics.
func (n *Node) samples() []control.Sample { return nil }
