package settings

import (
	"path/filepath"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// Control has the places that the command lines of the control plane name.
type Control struct {
	PKI     string // certificates, keys and kubeconfigs
	Data    string // etcd's
	Images  string // the registry's
	Volumes string // the volumes, as the nodes see them too
}

const etcdAddress = "http://127.0.0.1:2379" // inside the control plane's network namespace

func (c Control) pki(name string) string { return filepath.Join(c.PKI, name) }

// Etcd does not wait for the disk: the cluster does not outlive the machine.
func (c Control) Etcd() []string {
	return []string{
		"etcd",
		"--name=control",
		"--data-dir=" + c.Data,
		"--listen-client-urls=" + etcdAddress,
		"--advertise-client-urls=" + etcdAddress,
		"--listen-peer-urls=http://127.0.0.1:2380",
		"--initial-advertise-peer-urls=http://127.0.0.1:2380",
		"--initial-cluster=control=http://127.0.0.1:2380",
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

// APIServer reaches webhooks at their pods' addresses (aggregator routing):
// there is no kube-proxy where it runs.
func (c Control) APIServer() []string {
	return []string{
		"kube-apiserver",
		"--advertise-address=" + layout.ControlIP,
		"--allow-privileged=true",
		"--authorization-mode=Node,RBAC",
		"--client-ca-file=" + c.pki("ca.crt"),
		"--enable-admission-plugins=NodeRestriction",
		"--enable-aggregator-routing=true",
		"--etcd-servers=" + etcdAddress,
		"--kubelet-certificate-authority=" + c.pki("ca.crt"),
		"--kubelet-client-certificate=" + c.pki("apiserver-kubelet.crt"),
		"--kubelet-client-key=" + c.pki("apiserver-kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--profiling=false",
		"--secure-port=6443",
		"--service-account-issuer=https://kubernetes.default.svc." + layout.ClusterDomain,
		"--service-account-key-file=" + c.pki("service-account.crt"),
		"--service-account-signing-key-file=" + c.pki("service-account.key"),
		"--service-cluster-ip-range=" + layout.ServiceRange,
		"--shutdown-delay-duration=0s",
		"--tls-cert-file=" + c.pki("apiserver.crt"),
		"--tls-private-key-file=" + c.pki("apiserver.key"),
	}
}

// ControllerManager is the only one of its kind, so it elects no leader. How
// soon a node counts as lost is left as it is on any cluster.
func (c Control) ControllerManager() []string {
	return []string{
		"kube-controller-manager",
		"--cluster-cidr=" + layout.PodRange,
		"--cluster-signing-cert-file=" + c.pki("ca.crt"),
		"--cluster-signing-key-file=" + c.pki("ca.key"),
		"--kube-api-burst=400",
		"--kube-api-qps=200",
		"--kubeconfig=" + c.pki("controller-manager.kubeconfig"),
		"--leader-elect=false",
		"--root-ca-file=" + c.pki("ca.crt"),
		"--service-account-private-key-file=" + c.pki("service-account.key"),
		"--use-service-account-credentials=true",
	}
}

func (c Control) Scheduler() []string {
	return []string{
		"kube-scheduler",
		"--kubeconfig=" + c.pki("scheduler.kubeconfig"),
		"--leader-elect=false",
	}
}

// Registry serves images over plain HTTP; the nodes know it as
// layout.RegistryName.
func (c Control) Registry() []string {
	return []string{"registry", "--listen=:5000", "--blobs=" + c.Images}
}

func (c Control) ClusterDNS() []string {
	return []string{
		"cluster-dns",
		"--listen=" + layout.ControlIP + ":53",
		"--domain=" + layout.ClusterDomain,
		"--kubeconfig=" + c.pki("cluster-dns.kubeconfig"),
	}
}

func (c Control) VolumeProvisioner() []string {
	return []string{
		"volume-provisioner",
		"--directory=" + c.Volumes,
		"--path-in-node=" + layout.NodeVolumes,
		"--kubeconfig=" + c.pki("volume-provisioner.kubeconfig"),
	}
}
