package node

import (
	"context"
	"fmt"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal"
)

// Fence is POST /v1/fence. It waits for no other command.
func (n *Node) Fence(_ context.Context, r api.FenceRequest) error {
	if r.Timeline == 0 {
		return badRequest("fence needs a timeline")
	}
	if err := n.promises.Raise(r.Timeline); err != nil {
		return err
	}
	n.mu.Lock()
	if n.state.role == api.RolePrimary && n.state.timeline < r.Timeline {
		n.closeWrites(fmt.Sprintf("fenced: timeline %d has been claimed", r.Timeline))
	}
	f := n.state.following
	n.mu.Unlock()
	if f != nil && f.below(r.Timeline) {
		f.end()
		n.change(func(s *state) {
			if s.following != f {
				return
			}
			s.following, s.role = nil, api.RoleWaiting
			s.message = fmt.Sprintf("fenced: left its upstream, which is below timeline %d; %s", r.Timeline, waitingMessage)
			if s.local == nil {
				s.role = api.RoleEmpty
			}
		})
	}
	n.changes.notify()
	return nil
}

// below reports whether f's upstream is, or may be, on a timeline below tli.
func (f *following) below(tli wal.TimelineID) bool {
	if f.cancel != nil {
		return f.request.Timeline < tli
	}
	return f.upstreamTimeline() < tli
}

// closeWrites ends a primary's acknowledgements: whoever waits for standbys fails with unknown fate,
// and nothing is acknowledged from now on. Called with mu held.
func (n *Node) closeWrites(why string) {
	n.state.open = false
	n.state.message = why
	if n.state.local != nil {
		n.state.local.sync.Close(replication.ErrDeposed)
	}
}
