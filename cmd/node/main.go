// Command node is the write-ahead-log node with the first-party modules.
package main

import "github.com/redoubt-wal/redoubt/cmd/node/app"

func main() { app.Main(modules...) }
