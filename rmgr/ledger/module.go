package ledger

import (
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// ID is ledger's resource manager ID. On disk: never renumber.
const ID wal.RmgrID = 252

const version = "1.0.3"

// Module is the ledger.
var Module = rmgr.Module{
	Name: "ledger", Version: version,
	Managers: []rmgr.Registration{{ID: ID, Manager: manager{},
		Writes: rmgr.FormatRange{Min: format, Max: format}, Replays: rmgr.FormatRange{Min: format, Max: format}}},
	Functions: functions(),
}

var (
	_ rmgr.Manager   = manager{}
	_ rmgr.Describer = manager{}
	_ rmgr.Masker    = manager{}
	_ rmgr.Decoder   = manager{}
)
