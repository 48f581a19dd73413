package settings

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// PauseImage is what holds a pod's namespaces.
const PauseImage = layout.RegistryName + "/pause:1"

// Containerd is a node's containerd.
func Containerd() []string {
	return []string{"containerd", "--config=" + layout.NodeConfig + "/containerd.toml", "--log-level=info"}
}

// ContainerdConfig is for containerd 1.6, Debian 12's. Without
// restrict_oom_score_adj runc fails where the capability to lower that score
// is missing ("can't get final child's PID from pipe: EOF").
func ContainerdConfig() string {
	return fmt.Sprintf(`version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = %q

[plugins."io.containerd.grpc.v1.cri"]
  netns_mounts_under_state_dir = true
  restrict_oom_score_adj = true
  sandbox_image = %q

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = %q

[plugins."io.containerd.grpc.v1.cri".registry.mirrors.%q]
  endpoint = ["http://%s:%d"]
`, layout.NodeSocket, PauseImage, layout.NodeCNI, layout.RegistryName, layout.ControlIP, layout.RegistryPort)
}

// PodNetwork is the CNI configuration of a node. Each pod has a link of its
// own to the node (ptp) and not a place on a bridge: replies between two pods
// of a node would cross a bridge unseen by the node's address translation, and
// a service that leads to the own node would not answer.
func PodNetwork(node layout.Node) string {
	return fmt.Sprintf(`{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": false,
      "mtu": 1500,
      "ipam": {
        "type": "host-local",
        "ranges": [[{"subnet": %q}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    }
  ]
}
`, node.PodRange())
}
