package plan

import (
	"slices"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// fenced reports whether a member's promise covers a timeline and its log has a vote.
func (s *State) fenced(m *Member, timeline control.TimelineID) bool {
	return s.holdsLog(m) && m.Status.FencedAt >= timeline
}

// covers reports whether every group that could have acknowledged a commit in the set has a member
// among the voters: the primary itself, or more than all but number of the standbys.
func covers(set v1.AckSet, voters []string, joined []string) bool {
	if set.Primary != "" && slices.Contains(voters, set.Primary) {
		return true
	}
	var members, promised int
	for _, m := range set.Members {
		if !slices.Contains(joined, m) {
			continue // it was never told to follow, so it cannot have acknowledged anything
		}
		members++
		if slices.Contains(voters, m) {
			promised++
		}
	}
	return set.Method != "" && promised > members-int(set.Number)
}

// givenUp reports whether an asynchronous primary can be given up: its process is known to be
// dead, or it has refused writes by itself for lack of company.
func (s *State) givenUp(set v1.AckSet, since time.Time) bool {
	p := s.member(set.Primary)
	if p == nil || p.Pod != nil && p.Pod.Finished || !p.Reached && p.Refused {
		return true
	}
	if p.Reached {
		return p.Status.Role == control.RoleEmpty || p.Status.Suspect != "" || p.Status.LostLSN != 0
	}
	if p.LastHeard.After(since) || since.After(s.Now) { // claimed by an operator whose clock was ahead
		since = p.LastHeard
	}
	isolation := s.isolation(p)
	return isolation > 0 && s.Now.Sub(since) > isolation
}

// isolation is after what time alone a primary refuses writes; 0: never, as the only instance of a cluster,
// also when others have joined since and it was not restarted yet.
func (s *State) isolation(p *Member) time.Duration {
	if p != nil && p.Pod != nil && p.Pod.Isolation != nil {
		return *p.Pod.Isolation
	}
	return s.Spec.Failover.IsolationTimeout.Duration
}

// uncovered lists the sets that voters do not cover; none: enough have promised.
func (s *State) uncovered(voters []string, since time.Time) []v1.AckSet {
	var out []v1.AckSet
	for _, set := range s.Timeline.SynchronousSets {
		if covers(set, voters, s.Joined) || set.Method == "" && len(voters) > 0 && s.givenUp(set, since) {
			continue
		}
		out = append(out, set)
	}
	return out
}

func (s *State) fenceAll(timeline control.TimelineID) []Step {
	var steps []Step
	for i := range s.Members {
		if m := &s.Members[i]; s.holdsLog(m) && m.Status.FencedAt < timeline {
			steps = append(steps, fence(m, timeline, v1.ReasonFenceBeforePromotion))
		}
	}
	return steps
}

// fenceStrays makes members keep up with the claim, first of all a primary that was deposed behind a
// partition and is back.
func fenceStrays(s *State) []Step {
	if s.Timeline == nil || s.Timeline.Primary == "" {
		return nil // elect fences
	}
	var steps []Step
	for i := range s.Members {
		m := &s.Members[i]
		if s.holdsLog(m) && m.Status.FencedAt < s.timeline() && m.Status.Timeline < s.timeline() {
			reason := v1.ReasonBehindClaimedTimeline
			if m.role() == control.RolePrimary {
				reason = v1.ReasonPrimaryOfOlderTimeline
			}
			steps = append(steps, fence(m, s.timeline(), reason))
		}
	}
	return steps
}
