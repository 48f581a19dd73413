package sim

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A Machine is a host with a disk on which a node runs, or not.
type Machine struct {
	Name    string
	Disk    *vfs.Mem
	Faults  *vfs.Fault      // of the process that runs: rules that make its disk fail
	Control *control.Client // from the operator's host

	net     *Network
	modules []rmgr.Module
	log     *slog.Logger
	stop    context.CancelFunc
	ended   chan error
}

// Operator is the host that the driver speaks from.
const Operator = "operator"

// NewMachine makes a machine with an empty disk; nothing runs on it.
func NewMachine(n *Network, name string, log *slog.Logger, modules ...rmgr.Module) (*Machine, error) {
	m := &Machine{Name: name, Disk: vfs.NewMem(), net: n, modules: modules, log: log}
	if err := m.Disk.MkdirAll("/var/lib", 0o700); err != nil {
		return nil, err
	}
	for _, dir := range []string{"/", "/var"} {
		if err := m.Disk.SyncDir(dir); err != nil {
			return nil, err
		}
	}
	m.Control = control.NewClient(name+":8008", control.ClientOptions{
		Dial: func(ctx context.Context, _, address string) (net.Conn, error) { return n.Dial(ctx, Operator, address) },
	})
	return m, nil
}

// Start starts the node's process, as its pod would.
func (m *Machine) Start(options ...string) error {
	options = append([]string{
		"managed=on", "instance_name=" + m.Name, "listen_addresses=*", "control_listen=:8008", "preload_modules=*",
		"wal_retrieve_retry_interval=500ms", "shared_buffers=4MB", "isolation_timeout=10s", "write_probe_interval=1s",
		"wal_keep_size=64MB",           // as under the operator: who was away for a moment goes on from where he was
		"wal_consistency_checking=all", // every replay of every story is compared with what the primary had
	}, options...)
	settings, err := config.Load("", nil, options...)
	if err != nil {
		return err
	}
	m.Faults = vfs.NewFault(m.Disk)
	n, err := node.New(node.Options{
		Dir: "/var/lib/data", FS: m.Faults, Settings: settings, Modules: m.modules, Now: time.Now, Log: m.log,
		Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
			return m.net.Dial(ctx, m.Name, address)
		},
		Listen: func(network, address string) (net.Listener, error) { return m.net.Listen(m.Name, network, address) },
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	m.stop, m.ended = stop, make(chan error, 1)
	go func() { m.ended <- n.Run(ctx) }()
	return nil
}

// Kill cuts the power: connections are reset, and the disk is left as variant of what may survive.
// The process that loses its power goes on for a moment with a disk and a network that nobody sees.
func (m *Machine) Kill(variant int) error {
	m.net.Kill(m.Name)
	after := m.Disk.PowerCut(variant)
	m.stop()
	if err := <-m.ended; err != nil {
		m.log.Info("the killed process ended", "machine", m.Name, "error", err)
	}
	m.net.Kill(m.Name)
	m.Disk = after
	return nil
}

// Ended waits until the process has ended by itself, and says why.
func (m *Machine) Ended() error {
	err := <-m.ended
	m.net.Kill(m.Name)
	return err
}

// Stop asks the node to stop and waits until it has.
func (m *Machine) Stop() error {
	m.stop()
	return <-m.ended
}

// Await polls the node's status until it is as wanted.
func (m *Machine) Await(what string, within time.Duration, wanted func(control.Status) bool) (control.Status, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var last control.Status
	var err error
	for {
		if last, err = m.Control.Status(ctx); err == nil && wanted(last) {
			return last, nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return last, fmt.Errorf("%s is not %s within %s: %s %q, %v", m.Name, what, within, last.Role, last.Message, err)
		}
	}
}
