// Command counter-node is a node with kv and a module of its own.
package main

import (
	"github.com/redoubt-wal/redoubt/cmd/node/app"
	"github.com/redoubt-wal/redoubt/rmgr/kv"

	"example.com/counter-node/counter"
)

func main() { app.Main(kv.Module, counter.Module) }
