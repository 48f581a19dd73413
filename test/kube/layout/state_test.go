package layout_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

func TestStatesStayApart(t *testing.T) {
	if got := layout.DefaultState.Cgroup(); got != "/localkube" {
		t.Errorf("the default's cgroup is %s", got)
	}
	if a, b := layout.State("/tmp/a").Cgroup(), layout.State("/tmp/b").Cgroup(); a == b {
		t.Errorf("two states share %s", a)
	}
}

func TestInNode(t *testing.T) {
	node := layout.Node{Number: 2}
	for path, want := range map[string]string{
		"/var/lib/kubelet": "/s/node-2/lib/kubelet",
		"/run":             "/s/node-2/run",
		"/var/log/pods":    "/s/node-2/log/pods",
	} {
		if got := layout.State("/s").InNode(node, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}
