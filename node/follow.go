package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// following is an upstream and what is done to follow it.
type following struct {
	request  api.FollowRequest
	conninfo *Conninfo // unmanaged: primary_conninfo, which says more than the request

	// Of a stream: the receiver is there once started is closed. It is registered in the state before
	// it starts, so that a promise made at that moment finds it.
	started  chan struct{}
	receiver *replication.Receiver

	// Of a clone.
	cancel context.CancelFunc
	cloned chan struct{} // closed when the clone has ended
}

// stream is the receiver; nil of a clone.
func (f *following) stream() *replication.Receiver {
	if f.cancel != nil {
		return nil
	}
	<-f.started
	return f.receiver
}

// upstreamTimeline is the upstream's own timeline, 0 if it is not known.
func (f *following) upstreamTimeline() wal.TimelineID {
	if r := f.stream(); r != nil {
		return r.Status().UpstreamTimeline
	}
	return 0
}

// answerWithin is how long follow waits to learn whether the stream comes up or the log diverged.
const answerWithin = 5 * time.Second

// Follow is POST /v1/follow. It answers when the stream is up, or it is known why it is not, or
// after a few seconds; a clone goes on after the answer.
func (n *Node) Follow(ctx context.Context, r api.FollowRequest) error {
	if r.Upstream.Host == "" || r.Upstream.Port <= 0 || r.Upstream.Port > 65535 {
		return badRequest("follow needs the upstream's host and port")
	}
	if r.Timeline == 0 {
		return badRequest("follow needs the timeline that the upstream must be on")
	}
	for {
		var started *following
		err := n.exclusively(ctx, func(run context.Context) (err error) {
			started, err = n.follow(run, r)
			return err
		})
		if err != nil || started.cancel != nil {
			return err
		}
		if err := n.awaitStream(ctx, started.stream()); err != nil {
			return err
		}
		if n.current().role != api.RoleDiverged || !r.Reclone {
			return nil
		}
	}
}

func (n *Node) follow(run context.Context, r api.FollowRequest) (*following, error) {
	if err := n.mayFollow(r); err != nil {
		return nil, err
	}
	now := n.current()
	clone := n.needsClone(now, r)
	if f := now.following; f != nil && sameFollow(f, r) && (!clone || f.cancel != nil) {
		return f, nil
	}
	if err := n.leaveUpstream(); err != nil {
		return nil, err
	}
	if err := n.promises.Disown(); err != nil {
		return nil, err
	}
	if now.role == api.RolePrimary {
		if err := n.abandonPrimary(run); err != nil {
			return nil, err
		}
	}
	if clone {
		return n.startClone(run, r), nil
	}
	return n.startReceiver(r, nil), nil
}

// needsClone reports whether what is here is of no use to a follower: nothing, log that diverged, log
// whose continuation is gone, or log that a disk may have lost after a failed fsync.
func (n *Node) needsClone(now state, r api.FollowRequest) bool {
	if now.local == nil || now.local.engine.Suspect() != "" {
		return true
	}
	if !r.Reclone {
		return false
	}
	if now.role == api.RoleDiverged {
		return true
	}
	return now.role == api.RoleStandby && now.following != nil && now.following.cancel == nil && !now.following.stream().Status().Streaming
}

// mayFollow refuses what the promise, the state or the identity forbids.
func (n *Node) mayFollow(r api.FollowRequest) error {
	if p := n.promises.Promised(); r.Timeline < p {
		return fencedAbove("follow on", r.Timeline, p)
	}
	now := n.current()
	switch {
	case now.role == api.RoleStopping || now.role == api.RoleRecovering:
		return unavailable(now)
	case now.role == api.RolePrimary && now.timeline >= r.Timeline && now.open:
		return refusal("IsPrimary", "this node is the primary on timeline %d; demote it first", now.timeline)
	case now.role == api.RolePrimary && now.timeline > r.Timeline:
		return refusal("TimelineBehind", "this node was promoted on timeline %d; it follows nobody on %d", now.timeline, r.Timeline)
	case now.local != nil && r.Upstream.SystemIdentifier != "" && r.Upstream.SystemIdentifier != systemID(now.local) && !r.Reclone:
		return refusal("WrongSystem", "this node's log is of system %s, the upstream's of %s: it belongs to another cluster", systemID(now.local), r.Upstream.SystemIdentifier)
	}
	return nil
}

// sameFollow reports whether f already does what r asks.
func sameFollow(f *following, r api.FollowRequest) bool {
	have, want := f.request, r
	have.Reclone, want.Reclone = false, false
	if have == want {
		return true
	}
	return have.Upstream == want.Upstream && want.Timeline >= have.Timeline && f.upstreamTimeline() >= want.Timeline
}

// leaveUpstream ends the stream or the clone that is under way; nothing of it is written afterwards.
func (n *Node) leaveUpstream() error {
	n.mu.Lock()
	f := n.state.following
	n.mu.Unlock()
	if f == nil {
		return nil
	}
	f.end()
	n.change(func(s *state) {
		if s.following == f {
			s.following = nil
		}
		if s.role == api.RoleStandby {
			s.role, s.message = api.RoleWaiting, waitingMessage
		}
	})
	return nil
}

// end stops receiver and clone and returns when they have ended.
func (f *following) end() {
	if r := f.stream(); r != nil {
		r.Stop()
		return
	}
	f.cancel()
	<-f.cloned
}

const waitingMessage = "waits to be told to follow or to be promoted"

// startReceiver begins to stream into the log that is here.
func (n *Node) startReceiver(r api.FollowRequest, c *Conninfo) *following {
	f := &following{request: r, conninfo: c, started: make(chan struct{})}
	n.mu.Lock()
	l := n.state.local
	n.state.role, n.state.message, n.state.fork, n.state.following = api.RoleStandby, "connecting to the upstream", 0, f
	n.mu.Unlock()
	f.receiver = replication.StartReceiver(n.receiverOptions(l, f))
	close(f.started)
	n.changes.notify()
	return f
}

func (n *Node) receiverOptions(l *local, f *following) replication.ReceiverOptions {
	s, r := n.settings, f.request
	timeout := s.Duration("wal_receiver_timeout")
	if timeout == 0 {
		timeout = -1
	}
	id := parseID(r.Upstream.SystemIdentifier)
	if id == 0 {
		id = l.engine.SystemID()
	}
	return replication.ReceiverOptions{
		Upstream: n.upstream(r.Upstream, f.conninfo), Slot: r.Upstream.Slot, SystemID: id,
		Log: replication.ReceivedBy(l.engine), Now: n.opts.Now, Logger: n.log,
		Promise:        func() wal.TimelineID { return max(n.promises.Promised(), r.Timeline) },
		StatusInterval: s.Duration("wal_receiver_status_interval"),
		Timeout:        timeout,
		RetryInterval:  s.Duration("wal_retrieve_retry_interval"),
		Changed:        func(rs replication.ReceiverStatus) { n.receiverChanged(f, rs) },
	}
}

// receiverChanged turns what the receiver says into the node's role and message.
func (n *Node) receiverChanged(f *following, rs replication.ReceiverStatus) {
	n.mu.Lock()
	if n.state.following == f && (n.state.role == api.RoleStandby || n.state.role == api.RoleDiverged) {
		diverged, isDiverged := errors.AsType[*replication.DivergedError](rs.Err)
		switch {
		case isDiverged:
			n.state.role, n.state.fork, n.state.message = api.RoleDiverged, diverged.Fork, diverged.Error()
		case rs.Streaming:
			n.state.role, n.state.fork, n.state.message = api.RoleStandby, 0, ""
		case sqlState(rs.Err) == logRemoved:
			n.state.role, n.state.message = api.RoleDiverged, "the upstream no longer has the log that this node needs, so it must be cloned anew: "+rs.Err.Error()
		case rs.Err != nil:
			n.state.message = rs.Err.Error()
		default:
			n.state.message = "connecting to the upstream"
		}
	}
	n.mu.Unlock()
	n.changes.notify()
}

// logRemoved is the SQLSTATE with which an upstream says that a segment is gone.
const logRemoved = "58P01"

// awaitStream waits until it is known whether the stream comes up.
func (n *Node) awaitStream(ctx context.Context, receiver *replication.Receiver) error {
	timer := time.NewTimer(answerWithin)
	defer timer.Stop()
	for {
		changed := n.changes.wait()
		rs := receiver.Status()
		switch {
		case errors.Is(rs.Err, replication.ErrFenced):
			return refusal("UpstreamBehind", "%v", rs.Err)
		case errors.Is(rs.Err, replication.ErrWrongSystem):
			return refusal("WrongSystem", "%v", rs.Err)
		case rs.Streaming || rs.Err != nil:
			return nil
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return nil
		case <-n.run.Done():
			return errStopping
		}
	}
}

// upstream says how to reach u for replication.
func (n *Node) upstream(u api.Upstream, c *Conninfo) replication.Upstream {
	up := replication.Upstream{
		Dial: func(ctx context.Context, addr string) (net.Conn, error) { return n.opts.Dial(ctx, "tcp", addr) },
		Addr: net.JoinHostPort(u.Host, strconv.Itoa(u.Port)),
		TLS:  n.upstreamTLS(u.Name), User: n.settings.String("superuser_name"), Password: n.password(),
		ApplicationName: n.name(),
	}
	if c == nil && up.TLS != nil {
		up.User = n.name() // as our certificate says
	}
	if c != nil {
		up.User = c.User
		if c.Password != "" {
			up.Password = c.Password
		}
		if c.ApplicationName != "" {
			up.ApplicationName = c.ApplicationName
		}
		if c.SSLMode == "disable" {
			up.TLS = nil
		}
	}
	if up.ApplicationName == "" {
		up.ApplicationName = "walreceiver"
	}
	return up
}

// upstreamTLS is TLS with our certificate, towards a server that the same authority knows by name;
// nil where ssl is off. Files are read anew for each connection.
func (n *Node) upstreamTLS(name string) *tls.Config {
	if !n.settings.Bool("ssl") {
		return nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS13, ServerName: name, Time: n.opts.Now}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return n.certificate() }
	roots, err := n.authority()
	if err != nil {
		n.log.Error("could not read ssl_ca_file: upstreams cannot be verified", "error", err)
		roots = x509.NewCertPool()
	}
	config.RootCAs = roots
	return config
}

// certificate reads ssl_cert_file and ssl_key_file.
func (n *Node) certificate() (*tls.Certificate, error) {
	cert, err := n.readFile(n.settings.String("ssl_cert_file"))
	if err != nil {
		return nil, fmt.Errorf("ssl_cert_file: %w", err)
	}
	key, err := n.readFile(n.settings.String("ssl_key_file"))
	if err != nil {
		return nil, fmt.Errorf("ssl_key_file: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	return &pair, err
}

// authority reads ssl_ca_file.
func (n *Node) authority() (*x509.CertPool, error) {
	name := n.settings.String("ssl_ca_file")
	if name == "" {
		return nil, errors.New("ssl_ca_file is not set")
	}
	pem, err := n.readFile(name)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", name)
	}
	return pool, nil
}

// readFile reads a file that a setting names; a relative name is in the data directory.
func (n *Node) readFile(name string) ([]byte, error) { return vfs.ReadFile(n.opts.FS, n.inDir(name)) }

// parseID reads a system identifier; 0 if there is none.
func parseID(s string) uint64 {
	id, _ := strconv.ParseUint(s, 10, 64)
	return id
}

func systemID(l *local) string { return strconv.FormatUint(l.engine.SystemID(), 10) }

// refusal is an answer with HTTP 409: the node's state does not allow it.
func refusal(code, format string, args ...any) *api.Error {
	return &api.Error{Code: code, Message: fmt.Sprintf(format, args...), HTTP: http.StatusConflict}
}

func badRequest(message string) *api.Error {
	return &api.Error{Code: "BadRequest", Message: message, HTTP: http.StatusBadRequest}
}

func fencedAbove(what string, asked, promised wal.TimelineID) *api.Error {
	return refusal("FencedAbove", "cannot %s timeline %d: this node has promised timeline %d", what, asked, promised)
}

func unavailable(s state) *api.Error {
	return &api.Error{Code: "NotReady", Message: fmt.Sprintf("the node is %s; try again", s.role), HTTP: http.StatusServiceUnavailable}
}

// sqlState is the SQLSTATE of an error that has one.
func sqlState(err error) string {
	if e, ok := errors.AsType[*rmgr.Error](err); ok {
		return e.Code
	}
	return ""
}
