package node

import (
	"context"
	"fmt"
	"maps"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
)

// watchIsolation closes a managed primary without synchronous standbys for writes when it has heard
// neither operator nor standby for isolation_timeout: with nobody to confirm a commit, nothing else
// would tell it that another has taken its place. It opens again only when the operator promotes it
// again on its timeline: hearing somebody is no proof that nothing was claimed meanwhile.
func (n *Node) watchIsolation(ctx context.Context) {
	replies := map[string]time.Time{}
	for sleep(ctx, time.Second) {
		n.hearStandbys(replies)
		limit := n.settings.Duration("isolation_timeout")
		n.mu.Lock()
		s := &n.state
		silent := n.opts.Now().Sub(s.heard)
		isolated := limit > 0 && s.role == api.RolePrimary && s.open && !s.rule.Synchronous() && silent > limit
		if isolated {
			n.closeWrites(fmt.Sprintf("isolated: heard neither the operator nor a standby for %s", silent.Round(time.Second)))
		}
		n.mu.Unlock()
		if isolated {
			n.log.Warn("closed for writes: heard neither the operator nor a standby", "duration", silent)
			n.changes.notify()
		}
	}
}

// hearStandbys notes standbys that have said something since the last look.
func (n *Node) hearStandbys(replies map[string]time.Time) {
	l := n.current().local
	if l == nil {
		return
	}
	before := maps.Clone(replies)
	clear(replies)
	for _, r := range l.server.Replicas() {
		key := fmt.Sprint(r.PID)
		replies[key] = r.ReplyTime
		if !before[key].Equal(r.ReplyTime) {
			n.heardFrom()
		}
	}
}
