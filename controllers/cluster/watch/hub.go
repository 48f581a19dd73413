package watch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"reflect"
	"sync"
	"syscall"
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

// Heard is what is known of an instance.
type Heard struct {
	Status  *control.Status // the last; nil: none yet
	At      time.Time       // of the last line, or when listening began
	Reached bool            // the stream is up
	Refused bool            // nobody listens at its address
	Detail  string          // why it is not reached
	Address string          // where it is listened to
}

// NewHub calls changed whenever something about a cluster's instances changed.
func NewHub(now func() time.Time, changed func(types.NamespacedName)) *Hub {
	return &Hub{changed: changed, now: now, clusters: map[types.NamespacedName]map[string]*stream{}}
}

// Between two attempts to reach an instance: short at first, because a process that has just died may
// still be closing its door.
const (
	redialFirst = 20 * time.Millisecond
	redialLast  = 250 * time.Millisecond
)

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

// A stream is one instance's. Its fields are guarded by the hub's mutex.
type stream struct {
	hub        *Hub
	cluster    types.NamespacedName
	address    string
	roots      *x509.CertPool // whose certificates are taken there
	client     *control.Client
	cancel     context.CancelFunc
	generation int
	heard      Heard
}

func rootsOf(t Target) *x509.CertPool {
	if t.TLS == nil {
		return nil
	}
	return t.TLS.RootCAs
}

func (s *stream) run(ctx context.Context, client *control.Client, generation int) {
	defer client.Close()
	redial := redialFirst
	for ctx.Err() == nil {
		heard := false
		err := s.listen(ctx, client, func(status control.Status) {
			heard = true
			s.line(generation, status)
		})
		if ctx.Err() != nil {
			return
		}
		if heard {
			redial = redialFirst
		}
		if heard && !errors.Is(err, errSilent) {
			// It was up: one more try at once tells a dead process from a dropped connection.
			client.Close()
			again := false
			confirm, cancel := context.WithCancel(ctx)
			timer := time.AfterFunc(confirmWithin, cancel)
			err = s.listen(confirm, client, func(status control.Status) {
				timer.Stop()
				again = true
				s.line(generation, status)
			})
			timer.Stop()
			cancel()
			if again {
				continue
			}
		}
		s.down(generation, err)
		select {
		case <-ctx.Done():
		case <-time.After(redial):
		}
		redial = min(2*redial, redialLast)
	}
}

// confirmWithin is how long the one immediate try may take.
const confirmWithin = 500 * time.Millisecond

// silence ends a stream that has not had a line for this long, although one is due every second: its
// instance may be gone without a word. When it counts as lost is for the plan to say.
const silence = 2 * time.Second

func (s *stream) listen(ctx context.Context, client *control.Client, line func(control.Status)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer timer.Stop()
	err := client.Watch(ctx, func(status control.Status) {
		timer.Reset(silence)
		line(status)
	})
	if cause := context.Cause(ctx); errors.Is(cause, errSilent) {
		return errSilent
	}
	return err
}

var errSilent = errors.New("nothing was heard for " + silence.String())

func (s *stream) line(generation int, status control.Status) {
	s.hub.mu.Lock()
	if generation != s.generation {
		s.hub.mu.Unlock()
		return
	}
	was := s.heard
	if was.Status != nil && status.Time.Before(was.Status.Time) && status.StartedAt.Equal(was.Status.StartedAt) {
		s.hub.mu.Unlock()
		return // a command's reply overtook it
	}
	s.heard = Heard{Status: &status, At: s.hub.now(), Reached: true}
	s.hub.mu.Unlock()
	if !was.Reached || was.Status == nil || matters(was.Status, &status) {
		s.hub.changed(s.cluster)
	}
}

func (s *stream) down(generation int, err error) {
	s.hub.mu.Lock()
	if generation != s.generation {
		s.hub.mu.Unlock()
		return
	}
	was := s.heard
	s.heard.Reached, s.heard.Refused, s.heard.Detail = false, refused(err), why(err)
	changed := was.Reached || was.Refused != s.heard.Refused
	s.hub.mu.Unlock()
	if changed {
		s.hub.changed(s.cluster)
	}
}

// refused reports whether the host answered that nobody listens there.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

func why(err error) string {
	var timeout net.Error
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return "it closed the connection"
	case refused(err):
		return "nobody listens at its address"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer: " + err.Error()
	}
	return err.Error()
}

// matters reports whether two statuses differ in more than time and positions.
func matters(a, b *control.Status) bool {
	return !reflect.DeepEqual(still(a), still(b))
}

func still(s *control.Status) control.Status {
	out := *s
	out.Time = time.Time{}
	out.WriteLSN, out.FlushLSN, out.ReplayLSN, out.RedoLSN = 0, 0, 0, 0
	out.WALSize, out.Waiters, out.WriteProbe = 0, 0, nil
	out.Replicas = make([]control.Replica, len(s.Replicas))
	for i, r := range s.Replicas {
		out.Replicas[i] = control.Replica{Name: r.Name, State: r.State}
	}
	out.Slots = nil
	return out
}
