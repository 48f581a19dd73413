package kv

import (
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// ID is kv's resource manager ID. On disk: never renumber.
const ID wal.RmgrID = 251

// Module is kv 1.3.0: it writes and replays formats 1 and 2.
var Module = module("1.3.0", 2)

// Module12 is kv 1.2.0, which knows format 1 only. It exists so that upgrades can be tried.
var Module12 = module("1.2.0", 1)

func module(version string, highest rmgr.Format) rmgr.Module {
	m := manager{version: version, highest: highest}
	formats := rmgr.FormatRange{Min: 1, Max: highest}
	return rmgr.Module{
		Name: "kv", Version: version,
		Managers:  []rmgr.Registration{{ID: ID, Manager: m, Writes: formats, Replays: formats}},
		Functions: m.functions(),
	}
}

var (
	_ rmgr.Manager   = manager{}
	_ rmgr.Describer = manager{}
	_ rmgr.Masker    = manager{}
	_ rmgr.Decoder   = manager{}
)
