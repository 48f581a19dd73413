package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/redoubt-wal/redoubt/test/kube/layout"
)

// Status tells how the cluster is and is an error unless it is all well.
func (c Cluster) Status(ctx context.Context) error {
	if c.alive() == 0 {
		return ErrDown
	}
	failed := c.machineStatus()
	client, err := newAPI(c.State.Kubeconfig())
	if err != nil {
		return errors.Join(failed, err)
	}
	ready, lacking, err := client.readyNodes(ctx)
	for _, name := range ready {
		fmt.Fprintf(c.Out, "%-8s Ready\n", name)
	}
	for _, name := range slices.Sorted(maps.Keys(lacking)) {
		fmt.Fprintf(c.Out, "%-8s not ready: %s\n", name, lacking[name])
		failed = errors.Join(failed, fmt.Errorf("%s is not ready", name))
	}
	return errors.Join(failed, err)
}

func (c Cluster) machineStatus() error {
	var failed error
	for _, machine := range layout.Machines() {
		pid, err := c.running(machine)
		failed = errors.Join(failed, err)
		if err == nil {
			fmt.Fprintf(c.Out, "%-8s process %d, logs in %s\n", machine, pid, c.State.Logs(machine))
		}
		for _, ended := range c.exited(machine) {
			failed = errors.Join(failed, fmt.Errorf("on %s: %s", machine, ended))
		}
	}
	return failed
}
