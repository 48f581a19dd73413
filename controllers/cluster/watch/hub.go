package watch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/redoubt-wal/redoubt/api/control"
)

// A Hub listens for all clusters. Its methods may be called from any goroutine.
type Hub struct {
	changed func(cluster types.NamespacedName)
	now     func() time.Time

	mu       sync.Mutex
	clusters map[types.NamespacedName]map[string]*stream
}

// A Target is where an instance can be asked.
type Target struct {
	Address string // host:port of its control API
	TLS     *tls.Config
}

// NewHub calls changed whenever something about a cluster's instances changed.
func NewHub(now func() time.Time, changed func(types.NamespacedName)) *Hub {
	return &Hub{changed: changed, now: now, clusters: map[types.NamespacedName]map[string]*stream{}}
}

// Listen makes the hub listen to an instance at an address. What it knew of the instance stays; a
// stream to another address ends, and one with another authority: a cluster's may have been made anew.
func (h *Hub) Listen(cluster types.NamespacedName, instance string, target Target) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.clusters[cluster] == nil {
		h.clusters[cluster] = map[string]*stream{}
	}
	s := h.clusters[cluster][instance]
	if s == nil {
		s = &stream{hub: h, cluster: cluster}
		s.heard.At = h.now()
		h.clusters[cluster][instance] = s
	}
	if s.address == target.Address && s.roots.Equal(rootsOf(target)) {
		return
	}
	if s.cancel != nil {
		s.cancel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.address, s.roots, s.cancel, s.generation = target.Address, rootsOf(target), cancel, s.generation+1
	s.client = control.NewClient(target.Address, control.ClientOptions{TLS: target.TLS})
	s.heard.Reached, s.heard.Refused, s.heard.Detail = false, false, "it is being dialled"
	go s.run(ctx, s.client, s.generation)
}

// Forget ends the streams of a cluster's instances that are not in keep; with none, of all.
func (h *Hub) Forget(cluster types.NamespacedName, keep ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, s := range h.clusters[cluster] {
		kept := false
		for _, k := range keep {
			kept = kept || k == name
		}
		if !kept {
			if s.cancel != nil {
				s.cancel()
			}
			delete(h.clusters[cluster], name)
		}
	}
	if len(h.clusters[cluster]) == 0 {
		delete(h.clusters, cluster)
	}
}

// Heard is what is known of an instance, and a client to ask it more; false if it is not listened to.
func (h *Hub) Heard(cluster types.NamespacedName, instance string) (Heard, *control.Client, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.clusters[cluster][instance]
	if s == nil {
		return Heard{}, nil, false
	}
	heard := s.heard
	heard.Address = s.address
	return heard, s.client, true
}

// Told takes the status that came with the reply to a command.
func (h *Hub) Told(cluster types.NamespacedName, instance string, status control.Status) {
	h.mu.Lock()
	s, generation := h.clusters[cluster][instance], 0
	if s != nil {
		generation = s.generation
	}
	h.mu.Unlock()
	if s != nil {
		s.line(generation, status)
	}
}

// Close ends every stream.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, streams := range h.clusters {
		for _, s := range streams {
			if s.cancel != nil {
				s.cancel()
			}
		}
	}
	h.clusters = map[types.NamespacedName]map[string]*stream{}
}

func rootsOf(t Target) *x509.CertPool {
	if t.TLS == nil {
		return nil
	}
	return t.TLS.RootCAs
}
