package main

import (
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/rmgr/signal"
	"github.com/redoubt-wal/redoubt/rmgr/testrmgr"
)

// modules are those that this binary offers; the setting preload_modules says which are loaded.
var modules = []rmgr.Module{kv.Module, ledger.Module, signal.Module, testrmgr.Module}
