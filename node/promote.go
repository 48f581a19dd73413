package node

import (
	"context"
	"fmt"
	"net/http"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal"
)

// Promote is POST /v1/promote.
func (n *Node) Promote(ctx context.Context, r api.PromoteRequest) error {
	rule, err := ruleOf(r.Synchronous)
	if err != nil {
		return err
	}
	if r.Timeline == 0 {
		return badRequest("promote needs a timeline")
	}
	return n.exclusively(ctx, func(run context.Context) error {
		if err := n.isProcess(r.StartedAt); err != nil {
			return err
		}
		if err := n.reaches(r.MustReach); err != nil {
			return err
		}
		set := setTaken{r.Timeline, r.Synchronous.Serial}
		if err := n.current().set.superseded(set); err != nil {
			return err
		}
		return n.promote(run, rule, set, "promoted by the operator")
	})
}

// reaches refuses if the log here ends before what peers are known to hold. They have it from here or
// from an earlier primary, who sends only what is durable: so it was not torn off here but lost.
func (n *Node) reaches(lsn wal.LSN) error {
	l := n.current().local
	if l == nil {
		return nil // mayPromote refuses
	}
	if p := l.engine.Positions(); p.Flush < lsn {
		n.change(func(s *state) {
			s.lost, s.message = lsn, "lost log that peers hold up to "+lsn.String()+"; waits to follow one"
		})
		return refusal("LogLost", "the log here ends at %s on timeline %d, and a peer holds it up to %s: what was durable here is lost; let this node follow a peer that has the rest, or clone it anew", p.Flush, p.Timeline, lsn)
	}
	return nil
}

func (n *Node) promote(run context.Context, rule replication.Rule, set setTaken, reason string) error {
	tli := set.timeline
	if err := n.mayPromote(tli); err != nil {
		return err
	}
	if now := n.current(); now.role == api.RolePrimary && now.timeline != tli {
		n.mu.Lock()
		n.closeWrites(fmt.Sprintf("being promoted on timeline %d", tli))
		n.mu.Unlock()
		if err := n.abandonPrimary(run); err != nil {
			return err
		}
	}
	now := n.current()
	if now.role != api.RolePrimary {
		if err := n.leaveUpstream(); err != nil {
			return err
		}
		if err := n.claim(tli); err != nil {
			return err
		}
		if err := now.local.engine.Promote(run, tli, reason); err != nil {
			n.change(func(s *state) { s.message = "promotion failed: " + err.Error() })
			return &api.Error{Code: "PromotionFailed", Message: err.Error(), HTTP: http.StatusServiceUnavailable}
		}
	}
	return n.openWrites(now.local, rule, set)
}

// claim makes timeline tli this node's own. Who is managed has been given it, and follows nobody below from
// now on, whatever becomes of the promotion; an unmanaged node may have to go on as it was.
func (n *Node) claim(tli wal.TimelineID) error {
	if err := n.promises.Own(tli); err != nil || !n.managed() {
		return err
	}
	return n.promises.Raise(tli)
}

// openWrites makes a promoted engine's node the primary, unless a promise was made meanwhile: both
// look at each other under mu.
func (n *Node) openWrites(l *local, rule replication.Rule, set setTaken) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	s, tli := &n.state, set.timeline
	s.role, s.timeline, s.rule, s.set, s.following = api.RolePrimary, tli, rule, set, nil
	s.heard = n.opts.Now()
	if p := n.promises.Promised(); p > tli {
		n.closeWrites(fmt.Sprintf("fenced: timeline %d has been claimed", p))
		return fencedAbove("open", tli, p)
	}
	l.sync.Open(tli, rule)
	s.open, s.message = true, ""
	n.showRule(rule)
	return nil
}

// mayPromote refuses what the promise, the log or a doubt about the disk forbids.
func (n *Node) mayPromote(tli wal.TimelineID) error {
	if p := n.promises.Promised(); tli < p {
		return fencedAbove("promote on", tli, p)
	}
	now := n.current()
	l := now.local
	switch {
	case now.role == api.RolePrimary && now.timeline == tli:
		return nil // again: the rule, and writes if isolation had closed them
	case l == nil || now.role == api.RoleRecovering || now.role == api.RoleStopping || now.role == api.RoleCloning:
		return refusal("NotReady", "a node that is %s cannot be promoted", now.role)
	}
	if suspect := l.engine.Suspect(); suspect != "" {
		return refusal("Suspect", "this node's disk may have lost log: %s; let it be cloned anew, or, if there is nobody to clone from, see `node resetsuspect`", suspect)
	}
	if p := l.engine.ReplayPause(); p != nil {
		return refusal("ReplayPaused", "replay is paused at %s: %s", p.LSN, p.Detail)
	}
	own := l.engine.Positions().Timeline
	switch {
	case tli < own:
		return refusal("TimelineBehind", "the log here is on timeline %d, above %d", own, tli)
	case tli == own && n.promises.Owned() != tli:
		return refusal("NotOwner", "the log here is on timeline %d, but this node was not the primary on it: claim a new timeline", own)
	}
	return nil
}
