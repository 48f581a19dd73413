package kind

import (
	"strings"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// config asks for a control plane and a worker for each of our nodes, whose
// containerd looks for registries' addresses in files (see mirror).
func config() string {
	return `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: ` + clusterName + `
containerdConfigPatches:
- |-
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
nodes:
- role: control-plane
` + strings.Repeat("- role: worker\n", len(layout.Nodes()))
}

// mirror tells a node's containerd where our registry is.
func mirror() string {
	return "[host.\"http://" + registry + ":5000\"]\n"
}
