// Command no-ledger is a node build that somebody made without the ledger module.
package main

import (
	"github.com/redoubt-wal/redoubt/cmd/node/app"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
)

func main() { app.Main(kv.Module12) }
