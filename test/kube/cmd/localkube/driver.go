package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/redoubt-wal/redoubt/test/kube/cluster"
	"github.com/redoubt-wal/redoubt/test/kube/host"
	"github.com/redoubt-wal/redoubt/test/kube/kind"
	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// A driver is a way to have a cluster.
type driver interface {
	Up(context.Context) error
	Status(context.Context) error
	Registry() (string, error)
	CutNode(node string) error
	HealNode(node string) error
	InNetwork(node string, command []string) ([]string, error)
	InNode(node string, command []string) ([]string, error)
	Down() error
}

func (a *arguments) cluster() (driver, error) {
	state, err := filepath.Abs(*a.state)
	if err != nil {
		return nil, err
	}
	switch *a.driver {
	case "kind":
		return kind.Cluster{
			KubeconfigPath: layout.State(state).Kubeconfig(),
			Out:            os.Stderr,
			RegistryPort:   a.ports.Registry,
		}, nil
	case "namespaces":
		bin, err := a.binaries()
		if err != nil {
			return nil, err
		}
		return cluster.Cluster{State: layout.State(state), Binaries: bin, Out: os.Stderr, Ports: a.ports}, nil
	}
	return nil, fmt.Errorf("no driver %q: choose namespaces or kind, with --driver or KUBE", *a.driver)
}

// check says what keeps the driver from working here.
func (a *arguments) check() error {
	if *a.driver == "kind" {
		if err := host.CheckKind(); err != nil {
			return fmt.Errorf("kind cannot be used: %w", err)
		}
		return nil
	}
	return host.Check()
}
