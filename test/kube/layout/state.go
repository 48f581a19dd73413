package layout

import (
	"path/filepath"
	"strings"
)

// State is the directory that holds all of a cluster.
type State string

// DefaultState keeps paths short: a socket's path may have 107 bytes.
const DefaultState State = "/var/lib/localkube"

func (s State) path(names ...string) string {
	return filepath.Join(append([]string{string(s)}, names...)...)
}

func (s State) Addresses() string  { return s.path("cluster.json") }
func (s State) Kubeconfig() string { return s.path("kubeconfig") }
func (s State) Volumes() string    { return s.path("volumes") }

// Machine is the directory of a node or of the control plane.
func (s State) Machine(name string) string { return s.path(name) }

func (s State) PID(machine string) string  { return s.path(machine, "pid") }
func (s State) Spec(machine string) string { return s.path(machine, "machine.json") }
func (s State) Logs(machine string) string { return s.path(machine, "logs") }

// Log is the log of one program of a machine.
func (s State) Log(machine, program string) string {
	return s.path(machine, "logs", program+".log")
}

// Cgroup is the parent of every cgroup of the cluster. It is named after the
// state so that clusters with different states stay apart.
func (s State) Cgroup() string {
	if s == DefaultState {
		return "/localkube"
	}
	return "/localkube" + strings.ReplaceAll(filepath.Clean(string(s)), "/", "-")
}

// NodeCgroup is the parent of the cgroups of a node's pods.
func (s State) NodeCgroup(node Node) string { return s.Cgroup() + "/" + node.Name() }

// PKI holds the certificates of the control plane.
func (s State) PKI() string { return s.path(Control, "pki") }

// InNode is the place outside of what a node sees as path, for paths below
// /var/lib, /run and /var/log.
func (s State) InNode(node Node, path string) string {
	for inside, outside := range map[string]string{"/var/lib": "lib", "/run": "run", "/var/log": "log"} {
		if rest, err := filepath.Rel(inside, path); err == nil && filepath.IsLocal(rest) {
			return s.path(node.Name(), outside, rest)
		}
	}
	panic("layout: " + path + " is not a node's own")
}

// Paths as a node sees them.
const (
	NodeHome    = "/var/lib/localkube" // what we put into a node
	NodeBin     = NodeHome + "/bin"
	NodeConfig  = NodeHome + "/config"
	NodeCNI     = NodeHome + "/cni"
	NodeVolumes = NodeHome + "/volumes"
	NodeSocket  = "/run/containerd/containerd.sock"
)
