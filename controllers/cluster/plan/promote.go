package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// promote opens the chosen primary on the claimed timeline: for the first time, or again after its
// process was restarted or isolation had closed it.
func promote(s *State) []Step {
	p := s.primary()
	if p == nil || !p.Reached || s.lost(p) != "" || s.serving() != nil && p.Status.OpenWrites {
		return nil
	}
	switch p.role() {
	case control.RoleEmpty: // of a new cluster: bootstrap's init has not happened
		return []Step{{Do: Init, Target: p.Name, Reason: v1.ReasonNewCluster, Request: control.InitRequest{}}}
	case control.RoleCloning, control.RoleRecovering, control.RoleStopping:
		return []Step{wait(v1.ReasonWaitingForPrimary, p.Name, fmt.Sprintf("%s is %s before it can be the primary", p.Name, p.role()), 5*time.Minute, 200*time.Millisecond)}
	case control.RoleDiverged:
		return []Step{wait(v1.ReasonNoCandidate, p.Name, p.Name+" was chosen as the primary and says that its log has diverged: "+p.Status.Message, time.Minute, time.Second)}
	}
	if s.SystemIdentifier == "" {
		return identifyCluster(s, p)
	}
	timeline := s.timeline()
	reason := v1.ReasonPromoteClaimed
	if p.Status.Timeline == timeline {
		if reason = v1.ReasonPrimaryCameBack; s.Timeline.Reason == v1.ReasonNewCluster && len(s.Joined) == 1 && s.Spec.Instances > 1 {
			reason = v1.ReasonNewCluster
		}
	} else if missing := s.uncovered(s.promised(), s.Timeline.ClaimedAt.Time); p.Status.Timeline < timeline && len(before(missing, timeline)) > 0 {
		steps := s.fenceAll(timeline)
		return append(steps, wait(v1.ReasonWaitingForQuorum, p.Name, "not enough members have promised yet", time.Minute, 100*time.Millisecond))
	}
	if p.role() == control.RolePrimary && p.Status.Timeline < timeline {
		return []Step{{Do: Demote, Target: p.Name, Reason: reason, Message: p.Name + " ends its old timeline before it begins the new one",
			Request: control.DemoteRequest{Timeline: p.Status.Timeline}}}
	}
	if p.Status.ReplayPaused != nil {
		return []Step{wait(v1.ReasonNoCandidate, p.Name, fmt.Sprintf("%s paused replay at %s: %s", p.Name, p.Status.ReplayPaused.LSN, p.Status.ReplayPaused.Detail), time.Minute, time.Second)}
	}
	if said := s.announced(p, p.Status.Modules); said != nil {
		return said
	}
	return []Step{{
		Do: Promote, Target: p.Name, Reason: reason,
		Message: fmt.Sprintf("%s opens for writes on timeline %d", p.Name, timeline),
		Request: control.PromoteRequest{Timeline: timeline, Synchronous: request(s.newestSet()), MustReach: s.heldByPeers(p), StartedAt: p.Status.StartedAt},
	}}
}

// heldByPeers is how much log the others hold, or held when they were heard last, of the timeline that
// p resumes: p has sent nothing that was not durable in it, so if it ends before, it has lost log. It
// is 0 on a new timeline, for which the election has compared what can be reached.
func (s *State) heldByPeers(p *Member) (most control.LSN) {
	if p.Status.Timeline != s.timeline() {
		return 0
	}
	for i := range s.Members {
		m := &s.Members[i]
		if m != p && m.Status != nil && m.Status.Timeline == s.timeline() && m.Status.SystemIdentifier == s.SystemIdentifier && m.Status.Role != control.RoleDiverged {
			most = max(most, m.Status.FlushLSN)
		}
	}
	return most
}

// promised are the members whose promise was recorded when the primary was chosen, and those that
// have promised since.
func (s *State) promised() []string {
	out := slices.Clone(s.Timeline.Fenced)
	for i := range s.Members {
		if m := &s.Members[i]; s.fenced(m, s.timeline()) && !slices.Contains(out, m.Name) {
			out = append(out, m.Name)
		}
	}
	return out
}

// before keeps the sets of timelines below one.
func before(sets []v1.AckSet, timeline control.TimelineID) []v1.AckSet {
	return slices.DeleteFunc(sets, func(set v1.AckSet) bool { return set.Timeline >= int64(timeline) })
}

// awaitPrimary is the last to lead: the primary is not serving and not lost, so it is waited for.
func awaitPrimary(s *State) []Step {
	if s.Timeline == nil || s.serving() != nil {
		return nil
	}
	p := s.primary()
	if p == nil {
		return nil
	}
	return []Step{wait(v1.ReasonWaitingForPrimary, p.Name, fmt.Sprintf("%s is silent; it counts as lost after failover.detectionTimeout, %s",
		p.Name, s.Spec.Failover.DetectionTimeout.Duration), time.Minute, 200*time.Millisecond)}
}
