package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/test/kube/image"
	"github.com/redoubt-wal/redoubt/test/kube/layout"
	"github.com/redoubt-wal/redoubt/test/kube/network"
	"github.com/redoubt-wal/redoubt/test/kube/settings"
)

// A stage is something that has to be true of a cluster that is up; reached
// returns nil when it is.
type stage struct {
	name    string
	reached func(context.Context) error
}

// awaitReady goes through the stages. A program that died ends the wait at
// once, with the last lines of its log.
func (c Cluster) awaitReady(ctx context.Context, started time.Time) error {
	client, err := newAPI(c.State.Kubeconfig())
	if err != nil {
		return err
	}
	for _, s := range c.stages(client) {
		if err := c.await(ctx, s); err != nil {
			return err
		}
		c.progress(started, "%s", s.name)
	}
	return nil
}

func (c Cluster) await(ctx context.Context, s stage) error {
	for {
		failed := s.reached(ctx)
		if failed == nil {
			return nil
		}
		if err := c.died(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w; the last try: %w; logs are in %s", s.name, ctx.Err(), failed, c.State)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c Cluster) stages(client *api) []stage {
	return []stage{
		{"the registry serves images", func(ctx context.Context) error { return c.pushPause(ctx) }},
		{"the API server is ready", func(ctx context.Context) error { return client.get(ctx, "/readyz?format=json", nil) }},
		{"storage classes are there", func(ctx context.Context) error {
			for _, class := range settings.StorageClasses() {
				if err := client.create(ctx, "/apis/storage.k8s.io/v1/storageclasses", class); err != nil {
					return err
				}
			}
			return nil
		}},
		{"all nodes are ready", client.allReady},
		{"pods can have service accounts", func(ctx context.Context) error {
			return client.get(ctx, "/api/v1/namespaces/default/serviceaccounts/default", nil)
		}},
		{"services answer on every node", func(context.Context) error { return c.servicesAnswer() }},
	}
}

func (a *api) allReady(ctx context.Context) error {
	ready, lacking, err := a.readyNodes(ctx)
	if err != nil {
		return err
	}
	if len(ready) < len(layout.Nodes()) {
		return fmt.Errorf("%d of %d nodes are ready: %v", len(ready), len(layout.Nodes()), lacking)
	}
	return nil
}

func (c Cluster) pushPause(ctx context.Context) error {
	registry, err := c.Registry()
	if err != nil {
		return err
	}
	pause, err := image.Build(image.Contents{
		Binaries: []image.Binary{{From: c.Binaries + "/pause", To: "/pause"}},
		User:     65535, // nobody's
	})
	if err != nil {
		return err
	}
	_, err = image.Push(ctx, pause, settings.PauseImage, registry)
	return err
}

// servicesAnswer asks for the API server's service and for the name server,
// which pods need, from each node.
func (c Cluster) servicesAnswer() error {
	var failed error
	for _, node := range layout.Nodes() {
		pid, err := c.running(node.Name())
		if err != nil {
			return err
		}
		for _, address := range []string{layout.APIServiceIP + ":443", layout.ControlIP + ":53"} {
			if err := network.Answers(pid, address); err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s: %w", node.Name(), err))
			}
		}
	}
	return failed
}

// died is an error if any program of the cluster has ended.
func (c Cluster) died() error {
	for _, machine := range layout.Machines() {
		if programs := c.exited(machine); len(programs) > 0 {
			return fmt.Errorf("on %s: %s; the end of its log:\n%s",
				machine, strings.Join(programs, ", "), tail(c.State.Log(machine, firstName(programs))))
		}
		if _, err := c.running(machine); err != nil {
			return fmt.Errorf("%s has ended; the end of its log:\n%s", machine, tail(c.State.Log(machine, SupervisorLog)))
		}
	}
	return nil
}
