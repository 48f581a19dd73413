package cluster

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
	"github.com/redoubt-wal/redoubt/test/kube/settings"
	"github.com/redoubt-wal/redoubt/test/kube/supervisor"
)

// prepare writes everything that the machines read.
func (c Cluster) prepare() error {
	if err := makeDirectories(c.State.Volumes()); err != nil {
		return err
	}
	keys := newCredentials()
	if err := c.prepareControl(keys); err != nil {
		return err
	}
	for _, node := range layout.Nodes() {
		if err := c.prepareNode(node, keys); err != nil {
			return err
		}
	}
	addresses := c.Ports.addresses()
	keys.kubeconfig(c.State.Kubeconfig(), "https://"+addresses.API, admin)
	text, err := json.Marshal(addresses)
	if err != nil {
		return err
	}
	keys.write(c.State.Addresses(), string(text))
	return keys.err
}

func (c Cluster) prepareControl(keys *credentials) error {
	home := c.State.Machine(layout.Control)
	paths := settings.Control{
		PKI:     c.State.PKI(),
		Data:    filepath.Join(home, "etcd"),
		Images:  filepath.Join(home, "images"),
		Volumes: c.State.Volumes(),
	}
	if err := makeDirectories(paths.PKI, paths.Data, paths.Images, c.State.Logs(layout.Control)); err != nil {
		return err
	}
	keys.forControl(paths.PKI)

	const etcd, ready = "tcp://127.0.0.1:2379", layout.APIServer + "/readyz"
	program := func(args []string, after ...string) supervisor.Program {
		return c.program(layout.Control, c.Binaries, args, after...)
	}
	return supervisor.Machine{
		Name:   layout.Control,
		Relays: []supervisor.Relay{{To: layout.ControlIP + ":6443"}, {To: layout.ControlIP + ":5000"}},
		Programs: []supervisor.Program{
			program(paths.Etcd()),
			program(paths.APIServer(), etcd),
			program(paths.Registry()),
			program(paths.ControllerManager(), ready),
			program(paths.Scheduler(), ready),
			program(paths.VolumeProvisioner(), ready),
			program(paths.ClusterDNS(), ready),
		},
	}.Write(c.State.Spec(layout.Control))
}

func (c Cluster) prepareNode(node layout.Node, keys *credentials) error {
	name := node.Name()
	inside := func(path string) string { return c.State.InNode(node, path) }
	config, cni := inside(layout.NodeConfig), inside(layout.NodeCNI)
	if err := makeDirectories(config, cni, inside(layout.NodeBin), inside(layout.NodeVolumes),
		inside("/var/log"), inside("/run"), c.State.Logs(name)); err != nil {
		return err
	}
	keys.forNode(node, config)
	keys.write(filepath.Join(config, "containerd.toml"), settings.ContainerdConfig())
	keys.write(filepath.Join(config, "kubelet.yaml"), settings.KubeletConfig(c.State.NodeCgroup(node)))
	keys.write(filepath.Join(config, "resolv.conf"), settings.ResolvConf())
	keys.write(filepath.Join(cni, "pods.conflist"), settings.PodNetwork(node))

	const ready = layout.APIServer + "/readyz"
	program := func(dir string, args []string, after ...string) supervisor.Program {
		return c.program(name, dir, args, after...)
	}
	home := c.State.Machine(name)
	return supervisor.Machine{
		Name: name,
		// The first two go into a directory that the third then shows.
		Binds: []supervisor.Bind{
			{Source: c.Binaries, Target: inside(layout.NodeBin)},
			{Source: c.State.Volumes(), Target: inside(layout.NodeVolumes)},
			{Source: filepath.Join(home, "lib"), Target: "/var/lib"},
			{Source: filepath.Join(home, "log"), Target: "/var/log"},
			{Source: filepath.Join(home, "run"), Target: "/run"},
		},
		Programs: []supervisor.Program{
			program("/usr/bin", settings.Containerd()),
			program(layout.NodeBin, settings.Kubelet(node), "unix://"+layout.NodeSocket, ready),
			program(layout.NodeBin, settings.Proxy(node), ready),
		},
	}.Write(c.State.Spec(name))
}

// program takes a command line whose first word is a program's name.
func (c Cluster) program(machine, dir string, args []string, after ...string) supervisor.Program {
	return supervisor.Program{
		Name:  args[0],
		Args:  append([]string{filepath.Join(dir, args[0])}, args[1:]...),
		Log:   c.State.Log(machine, args[0]),
		After: after,
	}
}

func makeDirectories(paths ...string) error {
	for _, path := range paths {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
	}
	return nil
}
