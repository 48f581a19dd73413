package cluster

import (
	"context"
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
// changed, and every few seconds.
type censuses struct {
	mu   sync.Mutex
	kept map[types.NamespacedName]map[string]keptCensus // by instance
}

type keptCensus struct {
	census *control.Census
	epoch  uint64
	start  time.Time
	at     time.Time
}

const censusAge = 3 * time.Second

func newCensuses() *censuses {
	return &censuses{kept: map[types.NamespacedName]map[string]keptCensus{}}
}

func (k *censuses) of(cluster types.NamespacedName, instance string) (keptCensus, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept, ok := k.kept[cluster][instance]
	return kept, ok
}

func (k *censuses) keep(cluster types.NamespacedName, instance string, census keptCensus) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept[cluster] == nil {
		k.kept[cluster] = map[string]keptCensus{}
	}
	k.kept[cluster][instance] = census
}

func (k *censuses) forget(cluster types.NamespacedName) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, cluster)
}

// census asks all instances at once. One that does not answer in time has no census.
func (r *Reconciler) census(ctx context.Context, key types.NamespacedName, members []plan.Member) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for i := range members {
		m := &members[i]
		if !m.Reached || m.Status == nil {
			continue
		}
		if kept, ok := r.censuses.of(key, m.Name); ok && kept.epoch == m.Status.CensusEpoch && kept.start.Equal(m.Status.StartedAt) && r.Now().Sub(kept.at) < censusAge {
			m.Census = kept.census
			continue
		}
		_, node, ok := r.hub.Heard(key, m.Name)
		if !ok {
			continue
		}
		wg.Go(func() {
			census, err := node.Census(ctx)
			if err != nil {
				m.Detail = "its census cannot be had: " + err.Error()
				return
			}
			m.Census = &census
			r.censuses.keep(key, m.Name, keptCensus{&census, m.Status.CensusEpoch, m.Status.StartedAt, r.Now()})
		})
	}
	wg.Wait()
}
