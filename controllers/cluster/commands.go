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
	now     func() time.Time
	done    func(types.NamespacedName)
	timeout time.Duration

	mu      sync.Mutex
	flying  map[flight]bool
	refused map[types.NamespacedName][]refusal
	resting map[types.NamespacedName]map[line]rest
	wg      sync.WaitGroup
}

// A flight is a command under way: to an instance where it can be asked, of a kind. What an address does
// not answer any more does not hold up the pod that took its place, nor what a connection has swallowed,
// when the network was cut, the instance that is heard again.
type flight struct {
	cluster types.NamespacedName
	line
	address string
	streams int
}

// A line carries the commands of a kind to an instance.
type line struct {
	instance string
	kind     reflect.Type
}

// A rest is for how long a command is not sent again. One that was not carried out rests longer each time,
// but not after the instance has said something new of itself; one that was, and is wanted again because it
// came to nothing, rests in any case.
type rest struct {
	request  any
	accepted bool
	said     int // what the instance had said
	times    int
	until    time.Time
}

// Rests between two attempts. The first is as short as a failover needs it.
const (
	restFirst = 50 * time.Millisecond
	restLast  = 2 * time.Second
)

// A refusal is a command that an instance did not carry out.
type refusal struct {
	instance string
	command  string
	err      error
}

func newCommands(hub *watch.Hub, now func() time.Time, done func(types.NamespacedName)) *commands {
	return &commands{hub: hub, now: now, done: done, timeout: 2 * time.Minute, flying: map[flight]bool{},
		refused: map[types.NamespacedName][]refusal{}, resting: map[types.NamespacedName]map[line]rest{}}
}

// send carries out the requests to one instance, one after the other, without waiting for it. A
// request whose kind is still under way to it is left out, and one that rests. It returns the steps whose
// requests were sent.
func (c *commands) send(cluster types.NamespacedName, instance string, steps []plan.Step) (sent []plan.Step) {
	heard, node, _ := c.hub.Heard(cluster, instance)
	flightOf := func(step plan.Step) flight {
		return flight{cluster, line{instance, reflect.TypeOf(step.Request)}, heard.Address, heard.Streams}
	}
	c.mu.Lock()
	for _, step := range steps {
		f := flightOf(step)
		r := c.resting[cluster][f.line]
		rests := reflect.DeepEqual(r.request, step.Request) && (r.accepted || r.said == heard.Said) && c.now().Before(r.until)
		if !c.flying[f] && !rests {
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
			err := c.one(cluster, instance, node, step.Request)
			c.ended(flightOf(step), step.Request, err)
		}
	})
	return sent
}

// ended notes how a command was taken, and asks for a pass: at once, or after the rest of one that was not
// carried out.
func (c *commands) ended(f flight, request any, err error) {
	heard, _, known := c.hub.Heard(f.cluster, f.instance)
	c.mu.Lock()
	delete(c.flying, f)
	rests := time.Duration(0)
	switch {
	case err == nil:
		if known {
			c.rest(f, rest{request: request, accepted: true})
		}
	case known && heard.Address == f.address && heard.Streams == f.streams: // else nobody waits for it any more
		path, _ := control.PathOf(request)
		c.refused[f.cluster] = append(c.refused[f.cluster], refusal{f.instance, path, err})
		r := rest{request: request, said: heard.Said}
		if before := c.resting[f.cluster][f.line]; !before.accepted && reflect.DeepEqual(before.request, request) {
			r.times = before.times + 1
		}
		rests = c.rest(f, r)
	}
	c.mu.Unlock()
	if rests == 0 {
		c.done(f.cluster)
	} else {
		time.AfterFunc(rests, func() { c.done(f.cluster) })
	}
}

// rest lets a command rest, and returns for how long. Called with mu held.
func (c *commands) rest(f flight, r rest) time.Duration {
	rests := min(restFirst<<min(r.times, 10), restLast)
	r.until = c.now().Add(rests)
	if c.resting[f.cluster] == nil {
		c.resting[f.cluster] = map[line]rest{}
	}
	c.resting[f.cluster][f.line] = r
	return rests
}

// forget drops what is kept of a cluster.
func (c *commands) forget(cluster types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.refused, cluster)
	delete(c.resting, cluster)
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
