package cluster

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

// needsCensus: who holds which records matters only when modules may go.
func (r *Reconciler) needsCensus(s *plan.State) bool {
	if s.Accepted == nil || s.Image == nil {
		return s.Image != nil
	}
	if s.Image.Reference != s.Accepted.Reference || s.Image.Digest != s.Accepted.Digest || s.Spec.Image != s.Accepted.Reference {
		return true
	}
	for _, m := range s.Modules {
		if m.State == v1.StateRetiring {
			return true
		}
	}
	for _, m := range s.Accepted.Modules {
		if !slices.ContainsFunc(s.Spec.Modules, func(want v1.Module) bool {
			return want.Name == m.Name && want.State != v1.ModuleRetiring && want.Version == m.Version
		}) {
			return true
		}
	}
	return slices.ContainsFunc(s.Members, func(m plan.Member) bool { return m.Pod != nil && m.Pod.Revision != s.Revision })
}

// censuses keeps the last census of each instance: it is asked again when the node says that it
// changed, and every few seconds. No pass waits long for one: an instance that is slow to answer must not
// keep a lost primary, of this cluster or another, from being replaced.
type censuses struct {
	done     func(types.NamespacedName)
	patience time.Duration // of a pass, for all that it asks
	timeout  time.Duration // of a question

	mu   sync.Mutex
	kept map[types.NamespacedName]map[string]*keptCensus // by instance
}

// A keptCensus is what an instance answered last, and what it is being asked.
type keptCensus struct {
	of     edition
	at     time.Time
	census *control.Census // nil: it could not be had
	err    error

	asked edition
	ended chan struct{} // closed when the question has ended; nil: it is not asked
	left  bool          // the pass that asked did not wait for the end
}

// An edition is which census a process has.
type edition struct {
	start time.Time
	epoch uint64
}

func (e edition) is(other edition) bool { return e.epoch == other.epoch && e.start.Equal(other.start) }

const censusAge = 3 * time.Second

func newCensuses(done func(types.NamespacedName)) *censuses {
	return &censuses{done: done, patience: 200 * time.Millisecond, timeout: 10 * time.Second, kept: map[types.NamespacedName]map[string]*keptCensus{}}
}

// of is an instance's census of an edition, or why there is none.
func (k *censuses) of(cluster types.NamespacedName, instance string, e edition) (*control.Census, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c := k.kept[cluster][instance]; c != nil && c.of.is(e) {
		return c.census, c.err
	}
	return nil, errAsked
}

var errAsked = errors.New("it is being asked")

// ask begins to ask an instance for an edition, unless that is known or being asked. It returns what is closed
// at the end of a question that is worth waiting for; nil if there is none: an answer that is only old is used
// until the next comes.
func (k *censuses) ask(ctx context.Context, cluster types.NamespacedName, instance string, e edition, now time.Time, node *control.Client) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept[cluster] == nil {
		k.kept[cluster] = map[string]*keptCensus{}
	}
	c := k.kept[cluster][instance]
	if c == nil {
		c = &keptCensus{}
		k.kept[cluster][instance] = c
	}
	known := c.census != nil && c.of.is(e)
	if known && now.Sub(c.at) < censusAge || c.ended != nil && c.asked.is(e) {
		return nil
	}
	ended := make(chan struct{})
	c.asked, c.ended, c.left = e, ended, false
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.timeout)
		defer cancel()
		census, err := node.Census(ctx)
		k.answered(cluster, c, keptCensus{of: e, at: now, census: &census, err: err, ended: ended})
	}()
	if known {
		return nil
	}
	return ended
}

// answered takes an answer, unless something else was asked since.
func (k *censuses) answered(cluster types.NamespacedName, c *keptCensus, answer keptCensus) {
	defer close(answer.ended)
	k.mu.Lock()
	if c.ended != answer.ended {
		k.mu.Unlock()
		return
	}
	c.of, c.at, c.census, c.err, c.ended = answer.of, answer.at, answer.census, answer.err, nil
	if c.err != nil {
		c.census = nil
	}
	left := c.left
	k.mu.Unlock()
	if left {
		k.done(cluster)
	}
}

// leave says that nobody waits any more for what is being asked: its end is a reason for a pass.
func (k *censuses) leave(cluster types.NamespacedName) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.kept[cluster] {
		c.left = c.ended != nil
	}
}

func (k *censuses) forget(cluster types.NamespacedName) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, cluster)
}

// census asks all instances at once, and waits a moment for those of which nothing is known. One that has not
// answered has no census.
func (r *Reconciler) census(ctx context.Context, key types.NamespacedName, members []plan.Member) {
	var asked []<-chan struct{}
	for i := range members {
		m := &members[i]
		_, node, ok := r.hub.Heard(key, m.Name)
		if !m.Reached || m.Status == nil || !ok {
			continue
		}
		if ended := r.censuses.ask(ctx, key, m.Name, editionOf(m), r.Now(), node); ended != nil {
			asked = append(asked, ended)
		}
	}
	patience := time.After(r.censuses.patience)
	for _, ended := range asked {
		select {
		case <-ended:
			continue
		case <-patience:
		case <-ctx.Done():
		}
		break
	}
	r.censuses.leave(key)
	for i := range members {
		if m := &members[i]; m.Reached && m.Status != nil {
			var err error
			if m.Census, err = r.censuses.of(key, m.Name, editionOf(m)); err != nil {
				m.Detail = err.Error()
			}
		}
	}
}

func editionOf(m *plan.Member) edition { return edition{m.Status.StartedAt, m.Status.CensusEpoch} }
