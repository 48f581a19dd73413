package cluster

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
	"github.com/redoubt-wal/redoubt/test/kube/pki"
	"github.com/redoubt-wal/redoubt/test/kube/settings"
)

// credentials issues certificates and writes them, and what is made of them,
// to files; the first error stays.
type credentials struct {
	authority *pki.Authority
	err       error
}

func newCredentials() *credentials {
	authority, err := pki.NewAuthority("localkube")
	return &credentials{authority, err}
}

func (c *credentials) issue(subject pki.Subject) pki.Pair {
	if c.err != nil {
		return pki.Pair{}
	}
	pair, err := c.authority.Issue(subject)
	c.err = errors.Join(c.err, err)
	return pair
}

func (c *credentials) write(path, text string) {
	if c.err == nil {
		c.err = os.WriteFile(path, []byte(text), 0o600)
	}
}

func (c *credentials) pair(path string, pair pki.Pair) {
	c.write(path+".crt", string(pair.Certificate))
	c.write(path+".key", string(pair.Key))
}

func (c *credentials) kubeconfig(path, server string, user pki.Subject) {
	pair := c.issue(user)
	if c.err == nil {
		c.write(path, settings.Kubeconfig(server, c.authority.Certificate, pair))
	}
}

var admin = pki.Subject{User: "admin", Group: "system:masters"}

// forControl writes what the control plane needs to dir.
func (c *credentials) forControl(dir string) {
	at := func(name string) string { return filepath.Join(dir, name) }
	if c.err == nil {
		c.pair(at("ca"), c.authority.Pair)
	}
	c.pair(at("service-account"), c.issue(pki.Subject{User: "service-account"}))
	c.pair(at("apiserver-kubelet"), c.issue(pki.Subject{User: "kube-apiserver", Group: "system:masters"}))
	c.pair(at("apiserver"), c.issue(pki.Subject{User: "kube-apiserver", Hosts: []string{
		layout.ControlIP, layout.APIServiceIP, "127.0.0.1", "localhost", "kubernetes", "kubernetes.default",
		"kubernetes.default.svc", "kubernetes.default.svc." + layout.ClusterDomain,
	}}))
	for name, user := range map[string]pki.Subject{
		"controller-manager": {User: "system:kube-controller-manager"},
		"scheduler":          {User: "system:kube-scheduler"},
		"cluster-dns":        admin,
		"volume-provisioner": admin,
	} {
		c.kubeconfig(at(name+".kubeconfig"), layout.APIServer, user)
	}
}

// forNode writes what a node needs to dir.
func (c *credentials) forNode(node layout.Node, dir string) {
	at := func(name string) string { return filepath.Join(dir, name) }
	if c.err == nil {
		c.write(at("ca.crt"), string(c.authority.Certificate))
	}
	c.pair(at("kubelet"), c.issue(pki.Subject{User: node.Name(), Hosts: []string{node.Name(), node.IP()}}))
	c.kubeconfig(at("kubelet.kubeconfig"), layout.APIServer,
		pki.Subject{User: "system:node:" + node.Name(), Group: "system:nodes"})
	c.kubeconfig(at("proxy.kubeconfig"), layout.APIServer, pki.Subject{User: "system:kube-proxy"})
}
