package cluster

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
	"github.com/redoubt-wal/redoubt/test/kube/network"
)

// CutNode takes a node's link down.
func (c Cluster) CutNode(name string) error { return c.link(name, network.Cut) }

// HealNode takes a node's link up again.
func (c Cluster) HealNode(name string) error { return c.link(name, network.Heal) }

func (c Cluster) link(name string, change func(int, layout.Node) error) error {
	node, err := layout.FindNode(name)
	if err != nil {
		return err
	}
	control, err := c.running(layout.Control)
	if err != nil {
		return err
	}
	return change(control, node)
}

// InNetwork is a command line that runs a command in a machine's network,
// where the addresses of pods and services can be reached.
func (c Cluster) InNetwork(machine string, command []string) ([]string, error) {
	pid, err := c.running(machine)
	if err != nil {
		return nil, err
	}
	return append(network.Enter(pid), command...), nil
}

// InNode is a command line that runs a command wholly inside a machine: with
// its processes, mounts and network.
func (c Cluster) InNode(machine string, command []string) ([]string, error) {
	pid, err := c.running(machine)
	if err != nil {
		return nil, err
	}
	return append([]string{"nsenter", fmt.Sprintf("--target=%d", pid), "--net", "--mount", "--pid", "--uts", "--"}, command...), nil
}
