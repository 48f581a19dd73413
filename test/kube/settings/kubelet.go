package settings

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// Kubelet is a node's kubelet. Everything is where a kubelet has it by
// default, because the node has its own /var/lib.
func Kubelet(node layout.Node) []string {
	return []string{
		"kubelet",
		"--config=" + layout.NodeConfig + "/kubelet.yaml",
		"--hostname-override=" + node.Name(),
		"--kubeconfig=" + layout.NodeConfig + "/kubelet.kubeconfig",
		"--node-ip=" + node.IP(),
	}
}

// KubeletConfig is a kubelet's configuration file. The pods of each node stay
// below a cgroup of the node's, since the nodes share one machine; nothing is
// reserved or evicted early for the same reason.
func KubeletConfig(cgroup string) string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[1]s/ca.crt}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
cgroupRoot: %[2]s
clusterDNS: [%[3]s]
clusterDomain: %[4]s
containerRuntimeEndpoint: unix://%[5]s
enforceNodeAllocatable: []
evictionHard: {memory.available: 50Mi, nodefs.available: 1%%, nodefs.inodesFree: 1%%, imagefs.available: 1%%}
failCgroupV1: false
failSwapOn: false
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
registryPullQPS: 0
resolvConf: %[1]s/resolv.conf
serializeImagePulls: false
tlsCertFile: %[1]s/kubelet.crt
tlsPrivateKeyFile: %[1]s/kubelet.key
`, layout.NodeConfig, cgroup, layout.ControlIP, layout.ClusterDomain, layout.NodeSocket)
}

// ResolvConf is what pods with the node's name service get; nothing outside of
// the cluster has a name in it.
func ResolvConf() string { return "nameserver " + layout.ControlIP + "\n" }

// Proxy is a node's kube-proxy.
func Proxy(node layout.Node) []string {
	return []string{
		"kube-proxy",
		"--cluster-cidr=" + layout.PodRange,
		"--conntrack-max-per-core=0", // the limit belongs to the machine, which we do not change
		"--conntrack-tcp-timeout-close-wait=0",
		"--conntrack-tcp-timeout-established=0",
		"--hostname-override=" + node.Name(),
		"--kubeconfig=" + layout.NodeConfig + "/proxy.kubeconfig",
		"--proxy-mode=nftables",
	}
}
