package network

import (
	"flag"
	"os"
	"testing"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

var update = flag.Bool("update", false, "write the golden file anew")

func TestTheNetworkIsLaidAsReviewed(t *testing.T) {
	got := "# control\n" + planControl(map[string]int{"control": 100, "node-1": 101, "node-2": 102, "node-3": 103})
	for _, node := range layout.Nodes() {
		got += "# " + node.Name() + "\n" + planNode(node)
	}
	const path = "testdata/plan.txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the plan is now:\n%s\nif that is right, run `go test ./network -update`", got)
	}
}
