package rmgr_test

import (
	"encoding/json"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
)

// A node offers what is linked into it and loads what preload_modules lists.
func Example() {
	offered := []rmgr.Module{kv.Module, ledger.Module}

	table := rmgr.NewTable()
	if err := table.Load(offered, []string{"kv"}); err != nil {
		fmt.Println(err)
		return
	}
	table.Seal()

	manifest, err := json.Marshal(table.Manifest())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(manifest))

	_, loaded := table.Lookup(ledger.ID)
	fmt.Println("ledger is loaded:", loaded)
	fmt.Println(rmgr.NewTable().Load(offered, []string{"kv", "acme"}))

	// Output:
	// {"apiVersion":"redoubt.dev/manifest/v1","modules":[{"name":"kv","version":"1.3.0","rmgrs":[{"id":251,"name":"kv","writes":{"min":1,"max":2},"replays":{"min":1,"max":2}}]}]}
	// ledger is loaded: false
	// module "acme" is not part of this binary
}
