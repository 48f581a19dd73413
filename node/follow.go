package node

import (
	"context"
	"strconv"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
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

// readFile reads a file that a setting names; a relative name is in the data directory.
func (n *Node) readFile(name string) ([]byte, error) { return vfs.ReadFile(n.opts.FS, n.inDir(name)) }

// parseID reads a system identifier; 0 if there is none.
func parseID(s string) uint64 {
	id, _ := strconv.ParseUint(s, 10, 64)
	return id
}

func systemID(l *local) string { return strconv.FormatUint(l.engine.SystemID(), 10) }
