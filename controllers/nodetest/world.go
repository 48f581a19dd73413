// Package nodetest is a world of fake instances for tests of controllers: each speaks the control API
// over mutual TLS and behaves as api/control says, with a log that is only a number. Standbys have
// what their upstream has; commits are acknowledged by the synchronous rule.
package nodetest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
)

// A World is every fake instance of a test. Its methods may be called from any goroutine.
type World struct {
	mu    sync.Mutex
	nodes map[string]*Node // by instance
	disks map[string]*disk // by instance: they outlive a node
	Acked control.LSN      // the end of what was acknowledged
}

// A disk is what an instance keeps when its process ends.
type disk struct {
	role     control.Role
	system   string
	timeline control.TimelineID
	promise  control.TimelineID
	owned    control.TimelineID
	flush    control.LSN
	began    control.LSN // of the timeline
	modules  map[string]memory
	slot     string // of a reader that reads nothing: all log is kept
}

// memory is what the log knows of a module.
type memory struct {
	format   uint16
	retiring bool
}

// A Node is a running fake instance.
type Node struct {
	world    *World
	name     string
	address  string
	started  time.Time
	disk     *disk
	role     control.Role
	open     bool
	upstream string // address
	modules  []control.Module
	sync     control.Synchronous
	server   *http.Server
	listener net.Listener
	conns    map[net.Conn]bool
	frozen   bool
	said     uint64        // statuses
	clock    time.Duration // how far ahead it is
	spoke    time.Time     // the last line of a status stream
	changed  chan struct{}
	done     chan struct{}
}

// Options of a node.
type Options struct {
	Name, Address string // host:port of the control API
	Cert, Key, CA []byte
	Modules       []control.Module
}

// NewWorld has no nodes.
func NewWorld() *World { return &World{nodes: map[string]*Node{}, disks: map[string]*disk{}} }

// Start runs an instance on its disk, or on an empty one.
func (w *World) Start(o Options) error {
	pair, err := tls.X509KeyPair(o.Cert, o.Key)
	if err != nil {
		return err
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(o.CA)
	listener, err := tls.Listen("tcp", o.Address, &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.disks[o.Name]
	if d == nil {
		d = &disk{role: control.RoleEmpty, modules: map[string]memory{}}
		w.disks[o.Name] = d
	}
	n := &Node{world: w, name: o.Name, address: o.Address, started: time.Now(), disk: d, modules: o.Modules, listener: listener,
		conns: map[net.Conn]bool{}, changed: make(chan struct{}), done: make(chan struct{})}
	if n.role = d.role; n.role != control.RoleEmpty {
		n.role = control.RoleWaiting
	}
	n.server = &http.Server{Handler: n.handler()}
	n.server.ConnState = func(c net.Conn, s http.ConnState) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if s == http.StateClosed {
			delete(n.conns, c)
		} else {
			n.conns[c] = true
		}
	}
	w.nodes[o.Name] = n
	go n.server.Serve(listener)
	go n.live()
	return nil
}

// Kill ends a process as SIGKILL does: its connections are reset.
func (w *World) Kill(name string) {
	w.mu.Lock()
	n := w.nodes[name]
	delete(w.nodes, name)
	w.mu.Unlock()
	if n != nil {
		close(n.done)
		n.server.Close()
	}
}

// Freeze lets an instance hang: it answers nothing and its log stands still. It returns when the instance
// spoke last: who listens heard it then or later.
func (w *World) Freeze(name string, frozen bool) (spoke time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nodes[name].frozen = frozen
	w.nodes[name].notify()
	return w.nodes[name].spoke
}

// Clock sets an instance's clock, by how far it is ahead.
func (w *World) Clock(name string, ahead time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nodes[name].clock = ahead
}

// Slot gives an instance a logical slot that nobody reads, or drops it if it has no name.
func (w *World) Slot(instance, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disks[instance].slot = name
}

// Wipe empties an instance's disk. It must not run.
func (w *World) Wipe(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.disks, name)
}

// Close ends every instance.
func (w *World) Close() {
	for _, name := range w.Names() {
		w.Kill(name)
	}
}

// Names of the running instances.
func (w *World) Names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for name := range w.nodes {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Primary is the instance that accepts writes on the highest timeline, with the end of its log; "" if
// none does.
func (w *World) Primary() (name string, timeline control.TimelineID, end control.LSN) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.nodes {
		if n.open && !n.frozen && n.disk.timeline > timeline {
			name, timeline, end = n.name, n.disk.timeline, n.disk.flush
		}
	}
	return
}

// live writes and replicates, as long as the node runs.
func (n *Node) live() {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-n.done:
			return
		case <-tick.C:
			n.world.mu.Lock()
			n.write()
			n.world.mu.Unlock()
		}
	}
}

func (n *Node) write() {
	if !n.open || n.frozen {
		return
	}
	n.disk.flush += 0x40
	confirmed := 0
	for _, other := range n.world.nodes {
		if !n.feeds(other) {
			continue
		}
		other.disk.flush, other.disk.timeline, other.disk.system = n.disk.flush, n.disk.timeline, n.disk.system
		for k, v := range n.disk.modules {
			other.disk.modules[k] = v
		}
		if slices.Contains(n.sync.Members, other.name) {
			confirmed++
		}
	}
	if n.sync.Method == "" || confirmed >= n.sync.Number {
		n.world.Acked = max(n.world.Acked, n.disk.flush)
	}
}

// feeds reports whether other streams from n.
func (n *Node) feeds(other *Node) bool {
	host, _, _ := net.SplitHostPort(n.address)
	return other != n && other.role == control.RoleStandby && other.upstream == host && !other.frozen && n.role == control.RolePrimary && !n.frozen
}

func (n *Node) status() control.Status {
	d := n.disk
	n.said++
	s := control.Status{
		Instance: n.name, SystemIdentifier: d.system, Role: n.role, Sequence: n.said, Time: time.Now().Add(n.clock), StartedAt: n.started, Timeline: d.timeline, FencedAt: d.promise,
		WriteLSN: d.flush, FlushLSN: d.flush, ReplayLSN: d.flush, OldestLSN: 1, OpenWrites: n.open, Upstream: n.upstream, Synchronous: n.sync,
	}
	for _, m := range n.modules {
		known := d.modules[m.Name]
		m.Retiring = known.retiring
		m.Managers = slices.Clone(m.Managers)
		for i := range m.Managers {
			if m.Managers[i].Format = known.format; known.format == 0 {
				m.Managers[i].Format = 1
			}
		}
		s.Modules = append(s.Modules, m)
	}
	for _, other := range n.world.nodes {
		s.Streaming = s.Streaming || other.feeds(n)
		if n.feeds(other) {
			s.Replicas = append(s.Replicas, control.Replica{Name: other.name, State: "streaming", FlushLSN: other.disk.flush})
		}
	}
	slices.SortFunc(s.Replicas, func(a, b control.Replica) int { return len(a.Name) - len(b.Name) + 2*compare(a.Name, b.Name) })
	return s
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// notify wakes the watchers. Called with the world locked.
func (n *Node) notify() {
	close(n.changed)
	n.changed = make(chan struct{})
}

func (n *Node) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+control.PathStatus, n.serveStatus)
	mux.HandleFunc("GET "+control.PathCensus, func(w http.ResponseWriter, _ *http.Request) { n.reply(w, n.census()) })
	mux.HandleFunc("POST "+control.PathInit, command(n, n.init))
	mux.HandleFunc("POST "+control.PathFollow, command(n, n.follow))
	mux.HandleFunc("POST "+control.PathFence, command(n, n.fence))
	mux.HandleFunc("POST "+control.PathPromote, command(n, n.promote))
	mux.HandleFunc("POST "+control.PathSynchronous, command(n, n.synchronous))
	mux.HandleFunc("POST "+control.PathRetire, command(n, func(r control.RetireRequest) error {
		m := n.disk.modules[r.Module]
		m.retiring = r.Retiring
		n.disk.modules[r.Module] = m
		return nil
	}))
	mux.HandleFunc("POST "+control.PathFormat, command(n, n.format))
	mux.HandleFunc("POST "+control.PathCheckpoint, command(n, func(control.CheckpointRequest) error { return nil }))
	mux.HandleFunc("POST "+control.PathSwitchWAL, command(n, func(control.SwitchWALRequest) error { return nil }))
	mux.HandleFunc("POST "+control.PathDemote, command(n, func(control.DemoteRequest) error { n.role, n.open = control.RoleWaiting, false; return nil }))
	return mux
}

func (n *Node) reply(w http.ResponseWriter, v any) { json.NewEncoder(w).Encode(v) }

func (n *Node) census() control.Census {
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	holder := control.Holder{Kind: control.HolderWAL, From: 1, To: n.disk.flush}
	for _, m := range n.status().Modules {
		for _, r := range m.Managers {
			if n.role != control.RoleEmpty && (!m.Retiring || n.disk.slot != "") {
				holder.Records = append(holder.Records, control.RecordCount{Rmgr: r.ID, Name: r.Name, Module: m.Name, Format: r.Format, Count: 7, First: 1, Last: n.disk.flush})
			}
		}
	}
	census := control.Census{Instance: n.name, Holders: []control.Holder{holder}}
	if n.disk.slot != "" {
		holder.Kind, holder.Name = control.HolderSlot, n.disk.slot
		census.Holders = append(census.Holders, holder)
	}
	return census
}

func (n *Node) serveStatus(w http.ResponseWriter, r *http.Request) {
	watch := r.URL.Query().Get("watch") == "true"
	for {
		n.world.mu.Lock()
		status, changed, frozen := n.status(), n.changed, n.frozen
		if !frozen {
			n.spoke = status.Time
		}
		n.world.mu.Unlock()
		if !frozen {
			if json.NewEncoder(w).Encode(status) != nil {
				return
			}
			w.(http.Flusher).Flush()
			if !watch {
				return
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-n.done:
			return
		case <-changed:
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func command[T any](n *Node, do func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request T
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		n.world.mu.Lock()
		defer n.world.mu.Unlock()
		if n.frozen {
			panic(http.ErrAbortHandler)
		}
		if err := do(request); err != nil {
			w.WriteHeader(http.StatusConflict)
			n.reply(w, err)
			return
		}
		if n.role != control.RoleCloning {
			n.disk.role = n.role
		}
		n.notify()
		n.reply(w, control.Reply{Status: n.status()})
	}
}

func refuse(code, format string, args ...any) error {
	return &control.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (n *Node) init(control.InitRequest) error {
	if n.role != control.RoleEmpty {
		return refuse("NotEmpty", "it is %s", n.role)
	}
	n.role, n.disk.system, n.disk.timeline, n.disk.owned, n.disk.flush = control.RoleWaiting, "7412345678901234567", 1, 1, 0x1000000
	return nil
}

func (n *Node) fence(r control.FenceRequest) error {
	n.disk.promise = max(n.disk.promise, r.Timeline)
	if n.role == control.RolePrimary && n.disk.timeline < r.Timeline {
		n.open = false
	}
	if n.role == control.RoleStandby {
		n.role, n.upstream = control.RoleWaiting, ""
	}
	return nil
}

func (n *Node) promote(r control.PromoteRequest) error {
	switch {
	case !r.StartedAt.IsZero() && !r.StartedAt.Equal(n.started):
		return refuse("Restarted", "it was started at %s", n.started)
	case r.Timeline < n.disk.promise:
		return refuse("FencedAbove", "it has promised %d", n.disk.promise)
	case n.role == control.RoleEmpty:
		return refuse("NotReady", "it is empty")
	case r.Timeline == n.disk.timeline && n.disk.owned != r.Timeline:
		return refuse("NotOwner", "it was not the primary on %d", r.Timeline)
	case n.disk.flush < r.MustReach:
		return refuse("LogLost", "it ends at %s", n.disk.flush)
	case n.role == control.RolePrimary && n.disk.timeline != r.Timeline:
		return refuse("IsPrimary", "it is the primary on %d", n.disk.timeline)
	}
	if n.disk.timeline != r.Timeline {
		n.disk.began = n.disk.flush
	}
	n.role, n.open, n.upstream, n.sync = control.RolePrimary, true, "", r.Synchronous
	n.disk.timeline, n.disk.owned, n.disk.promise = r.Timeline, r.Timeline, r.Timeline
	return nil
}

func (n *Node) synchronous(r control.SynchronousRequest) error {
	if r.Synchronous.Serial < n.sync.Serial {
		return refuse("SetSuperseded", "set %d is in force", n.sync.Serial)
	}
	n.sync = r.Synchronous
	return nil
}

func (n *Node) follow(r control.FollowRequest) error {
	if r.Timeline < n.disk.promise {
		return refuse("FencedAbove", "it has promised %d", n.disk.promise)
	}
	var upstream *Node
	for _, other := range n.world.nodes {
		if host, _, _ := net.SplitHostPort(other.address); host == r.Upstream.Host {
			upstream = other
		}
	}
	if upstream == nil || upstream.role != control.RolePrimary || upstream.disk.timeline < r.Timeline {
		return refuse("UpstreamBehind", "%s is no primary on %d", r.Upstream.Host, r.Timeline)
	}
	n.open = false
	switch {
	case n.role == control.RoleEmpty || r.Reclone:
		n.disk.flush, n.disk.timeline, n.disk.system = upstream.disk.flush, upstream.disk.timeline, upstream.disk.system
	case n.disk.timeline < upstream.disk.timeline && n.disk.flush > upstream.disk.began:
		n.role = control.RoleDiverged
		return nil
	}
	n.role, n.upstream, n.disk.owned = control.RoleStandby, r.Upstream.Host, 0
	return nil
}

func (n *Node) format(r control.FormatRequest) error {
	for _, m := range n.modules {
		for _, manager := range m.Managers {
			if manager.ID == r.Rmgr {
				known := n.disk.modules[m.Name]
				known.format = r.Format
				n.disk.modules[m.Name] = known
			}
		}
	}
	return nil
}
