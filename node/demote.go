package node

import (
	"context"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
)

// Demote is POST /v1/demote.
func (n *Node) Demote(ctx context.Context, r api.DemoteRequest) error {
	return n.exclusively(ctx, func(run context.Context) error {
		now := n.current()
		switch {
		case now.role != api.RolePrimary:
			return refusal("NotPrimary", "this node is %s", now.role)
		case now.timeline != r.Timeline:
			return refusal("OtherTimeline", "this node is the primary on timeline %d, not on %d", now.timeline, r.Timeline)
		}
		return n.demote(run)
	})
}

// drainWithin is how long a demotion or a stop waits for standbys to take the rest of the log.
const drainWithin = 20 * time.Second

// demote ends writes, ends the log and gives the standbys all of it.
func (n *Node) demote(run context.Context) error {
	l := n.current().local
	n.change(func(s *state) { s.open, s.message = false, "demoting" })
	if err := l.engine.Demote(run); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(run, drainWithin)
	defer cancel()
	if err := l.server.Drain(ctx); err != nil {
		n.log.Warn("standbys did not take the rest of the log in time", "error", err)
	}
	l.sync.Close(replication.ErrDeposed)
	n.change(func(s *state) {
		s.role, s.timeline, s.rule, s.message = api.RoleWaiting, 0, replication.Rule{}, waitingMessage
	})
	return nil
}

// abandonPrimary makes a primary that is closed for writes a follower's log again, without adding a
// record to it: a shutdown checkpoint would make it diverge from a primary that has all the rest.
func (n *Node) abandonPrimary(run context.Context) error {
	now := n.current()
	if now.open {
		return refusal("IsPrimary", "this node is the primary on timeline %d; demote it first", now.timeline)
	}
	n.change(func(s *state) { s.local, s.timeline, s.rule = nil, 0, replication.Rule{} })
	now.local.abort()
	return n.useLocal(run)
}
