package layout

import "fmt"

// Addresses that every part has to agree on.
const (
	ControlIP     = "10.77.0.1"
	MachineBits   = 24
	PodRange      = "10.88.0.0/16"
	ServiceRange  = "10.96.0.0/16"
	APIServiceIP  = "10.96.0.1" // the first of ServiceRange, as Kubernetes chooses it
	APIPort       = 6443
	RegistryPort  = 5000
	ClusterDomain = "cluster.local"

	// RegistryName is the registry's name in image references.
	RegistryName = "registry.local:5000"
)

// APIServer is the API server's address inside the cluster.
const APIServer = "https://10.77.0.1:6443"

// Control is the name of the machine that runs the control plane.
const Control = "control"

// A Node is a machine that runs pods.
type Node struct{ Number int }

// Nodes are the nodes of every cluster.
func Nodes() []Node { return []Node{{1}, {2}, {3}} }

// Machines are the names of the nodes and of the control plane.
func Machines() []string {
	names := []string{Control}
	for _, node := range Nodes() {
		names = append(names, node.Name())
	}
	return names
}

func (n Node) Name() string     { return fmt.Sprintf("node-%d", n.Number) }
func (n Node) IP() string       { return fmt.Sprintf("10.77.0.%d", 10+n.Number) }
func (n Node) PodRange() string { return fmt.Sprintf("10.88.%d.0/24", n.Number) }

// FindNode returns the node of this name.
func FindNode(name string) (Node, error) {
	for _, node := range Nodes() {
		if node.Name() == name {
			return node, nil
		}
	}
	return Node{}, fmt.Errorf("no node %q: there are node-1, node-2 and node-3", name)
}

// VolumeProvisioner is what storage classes call the cluster's provisioner.
const VolumeProvisioner = "localkube.redoubt.dev/directory"
