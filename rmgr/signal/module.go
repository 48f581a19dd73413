package signal

import (
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// ID is signal_rmgr's resource manager ID. On disk: never renumber.
const ID wal.RmgrID = 253

var formats = rmgr.FormatRange{Min: 1, Max: 1}

// Module is signal_rmgr.
var Module = rmgr.Module{
	Name: "signal", Version: "1.0.0",
	Managers:  []rmgr.Registration{{ID: ID, Manager: manager{}, Writes: formats, Replays: formats}},
	Functions: functions(),
}
