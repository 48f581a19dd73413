// Command orders is the node that the story begins with: kv in its first record format, and ledger.
package main

import (
	"github.com/redoubt-wal/redoubt/cmd/node/app"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
)

func main() { app.Main(kv.Module12, ledger.Module) }
