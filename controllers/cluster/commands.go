package cluster

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
	"github.com/redoubt-wal/redoubt/controllers/cluster/watch"
)

// commands sends commands to instances in the background: those of one pass in their order, and none
// of a kind twice at once.
type commands struct {
	hub     *watch.Hub
	done    func(types.NamespacedName)
	timeout time.Duration

	mu      sync.Mutex
	flying  map[flight]bool
	refused map[types.NamespacedName][]refusal
	wg      sync.WaitGroup
}

// A flight is a command under way: to an instance where it can be asked, of a kind. What an address does
// not answer any more does not hold up the pod that took its place.
type flight struct {
	cluster  types.NamespacedName
	instance string
	address  string
	kind     reflect.Type
}

// A refusal is a command that an instance did not carry out.
type refusal struct {
	instance string
	command  string
	err      error
}

func newCommands(hub *watch.Hub, done func(types.NamespacedName)) *commands {
	return &commands{hub: hub, done: done, timeout: 2 * time.Minute, flying: map[flight]bool{}, refused: map[types.NamespacedName][]refusal{}}
}

// send carries out the requests to one instance, one after the other, without waiting for it. A
// request whose kind is still under way to it is left out. It returns the steps whose requests were
// sent.
func (c *commands) send(cluster types.NamespacedName, instance string, steps []plan.Step) (sent []plan.Step) {
	heard, node, _ := c.hub.Heard(cluster, instance)
	flightOf := func(step plan.Step) flight {
		return flight{cluster, instance, heard.Address, reflect.TypeOf(step.Request)}
	}
	c.mu.Lock()
	for _, step := range steps {
		f := flightOf(step)
		if !c.flying[f] {
			c.flying[f] = true
			sent = append(sent, step)
		}
	}
	c.mu.Unlock()
	if len(sent) == 0 {
		return nil
	}
	c.wg.Go(func() {
		for _, step := range sent {
			r := step.Request
			err := c.one(cluster, instance, node, r)
			c.mu.Lock()
			delete(c.flying, flightOf(step))
			if err != nil {
				path, _ := control.PathOf(r)
				c.refused[cluster] = append(c.refused[cluster], refusal{instance, path, err})
			}
			c.mu.Unlock()
			if err == nil {
				c.done(cluster)
			}
		}
	})
	return sent
}

func (c *commands) one(cluster types.NamespacedName, instance string, node *control.Client, request any) error {
	if node == nil {
		return fmt.Errorf("%s has no address", instance)
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	status, err := node.Do(ctx, request)
	if err == nil {
		c.hub.Told(cluster, instance, status)
	}
	return err
}

// takeRefused returns what instances did not carry out since the last call.
func (c *commands) takeRefused(cluster types.NamespacedName) []refusal {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.refused[cluster]
	delete(c.refused, cluster)
	return out
}
