// Command next-kv is a node build with the newer kv, which has a second record format.
package main

import (
	"github.com/redoubt-wal/redoubt/cmd/node/app"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
)

func main() { app.Main(kv.Module) }
