package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
	"github.com/redoubt-wal/redoubt/test/kube/network"
)

// Up starts the cluster and returns when it can be used. A cluster that runs
// is left as it is, and what is left of one that does not is cleared away. If
// Up fails, logs remain for a look; Down or the next Up removes them.
func (c Cluster) Up(ctx context.Context) error {
	started := time.Now()
	switch c.alive() {
	case len(layout.Machines()):
		if err := c.awaitReady(ctx, started); err != nil {
			return err
		}
		c.progress(started, "the cluster is up already")
		return nil
	case 0:
	default:
		c.progress(started, "only a part of a cluster is running: clearing it away")
	}
	if err := c.Down(); err != nil {
		return err
	}
	if err := c.start(); err != nil {
		return errors.Join(err, c.Down())
	}
	c.progress(started, "a control plane and %d nodes are starting", len(layout.Nodes()))
	if err := c.awaitReady(ctx, started); err != nil {
		return err
	}
	c.progress(started, "the cluster is up: export KUBECONFIG=%s", c.State.Kubeconfig())
	return nil
}

func (c Cluster) start() error {
	if err := c.prepare(); err != nil {
		return err
	}
	if err := c.makeCgroups(); err != nil {
		return err
	}
	machines, err := c.spawnAll()
	if err != nil {
		return err
	}
	processes := map[string]int{}
	for name, machine := range machines {
		processes[name] = machine.pid
	}
	if err := network.Lay(processes); err != nil {
		return err
	}
	for name, machine := range machines {
		if err := machine.letGo(); err != nil {
			return fmt.Errorf("start %s: %w; its log says:\n%s", name, err, tail(c.State.Log(name, SupervisorLog)))
		}
	}
	return nil
}
