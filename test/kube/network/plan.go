package network

import (
	"fmt"
	"strings"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// planControl is what ip(8) has to do in the control plane's namespace: a
// bridge, and a link to each node, whose process tells where its end goes.
func planControl(processes map[string]int) string {
	var plan strings.Builder
	do := func(format string, args ...any) { fmt.Fprintf(&plan, format+"\n", args...) }
	do("link set lo up")
	do("link add br0 type bridge")
	do("addr add %s/%d dev br0", layout.ControlIP, layout.MachineBits)
	do("link set br0 up")
	do("route add default dev br0") // kubelet and proxy find no address without one; it leads nowhere
	for _, node := range layout.Nodes() {
		do("link add %s type veth peer name eth0 netns %d", node.Name(), processes[node.Name()])
		do("link set %s master br0", node.Name())
		do("link set %s up", node.Name())
		do("route add %s via %s", node.PodRange(), node.IP())
	}
	return plan.String()
}

func planNode(node layout.Node) string {
	var plan strings.Builder
	do := func(format string, args ...any) { fmt.Fprintf(&plan, format+"\n", args...) }
	do("link set lo up")
	do("addr add %s/%d dev eth0", node.IP(), layout.MachineBits)
	do("link set eth0 up")
	do("route add default via %s", layout.ControlIP)
	for _, other := range layout.Nodes() {
		if other != node {
			do("route add %s via %s", other.PodRange(), other.IP())
		}
	}
	return plan.String()
}
