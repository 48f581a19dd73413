package node

import (
	"context"
	"errors"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal"
)

// startReceiver begins to stream into the log that is here.
func (n *Node) startReceiver(r api.FollowRequest, c *Conninfo) *following {
	f := &following{request: r, conninfo: c, started: make(chan struct{})}
	n.mu.Lock()
	l := n.state.local
	n.state.role, n.state.message, n.state.fork, n.state.following = api.RoleStandby, "connecting to the upstream", 0, f
	n.mu.Unlock()
	if err := l.engine.GiveUpLostRecord(); err != nil { // the engine has failed by it
		n.log.Error("the log could not be opened to follow", "error", err)
	}
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
