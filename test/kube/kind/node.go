package kind

import (
	"context"
)

// CutNode takes a node's only link down, from inside: Docker's way of taking a
// container off its network could bring it back with another address.
func (c Cluster) CutNode(node string) error {
	return inNode(node, "ip link set eth0 down")
}

// HealNode takes the link up again. The default route went with the link; the
// routes to other nodes' pods are kind's to restore, which takes it seconds.
func (c Cluster) HealNode(node string) error {
	gateway, err := run(context.Background(), "", "docker", "network", "inspect", network,
		"-f", `{{range .IPAM.Config}}{{println .Gateway}}{{end}}`)
	if err != nil {
		return err
	}
	return inNode(node, "ip link set eth0 up && for g in $1; do case $g in *.*) ip route replace default via $g;; esac; done", gateway)
}

func inNode(node, script string, args ...string) error {
	container, err := containerOf(node)
	if err != nil {
		return err
	}
	_, err = run(context.Background(), "", append([]string{"docker", "exec", container, "sh", "-c", script, "sh"}, args...)...)
	return err
}

// InNetwork is a command line that runs a command of this machine in a node's
// network. It needs root and a Docker that runs on this very kernel.
func (c Cluster) InNetwork(node string, command []string) ([]string, error) {
	container, err := containerOf(node)
	if err != nil {
		return nil, err
	}
	pid, err := run(context.Background(), "", "docker", "inspect", "-f", "{{.State.Pid}}", container)
	if err != nil {
		return nil, err
	}
	return append([]string{"nsenter", "--net=/proc/" + pid + "/ns/net", "--"}, command...), nil
}

// InNode is a command line that runs a command of the node's inside it.
func (c Cluster) InNode(node string, command []string) ([]string, error) {
	container, err := containerOf(node)
	if err != nil {
		return nil, err
	}
	return append([]string{"docker", "exec", "--interactive", container}, command...), nil
}
