package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// switchoverDeadline is when a switchover that does not get on is given up and the old primary resumes.
	switchoverDeadline = 30 * time.Second
	// switchoverLag is how far behind a candidate may be before the old primary stops: it bounds the pause.
	switchoverLag = 16 << 20
)

// requested begins a switchover that a person asked for, or says why not.
func requested(s *State) []Step {
	to, p := s.Annotations[v1.AnnotationSwitchover], s.serving()
	if to == "" || s.Switchover != nil {
		return nil
	}
	refuse := func(why string) []Step {
		return []Step{{Do: ClearRequest, Target: to, Reason: v1.ReasonSwitchoverRefused, Message: why}}
	}
	if to == p.Name {
		return refuse(to + " is the primary already")
	}
	candidate := s.bestStandby(p)
	if to != "any" {
		candidate = s.member(to)
		if candidate == nil {
			return refuse("there is no instance " + to)
		}
	}
	if candidate == nil {
		return refuse("no standby is fit to take over")
	}
	if why := s.unfit(candidate, p); why != "" {
		return refuse(candidate.Name + " " + why)
	}
	return append(s.beginSwitchover(candidate, v1.ReasonSwitchoverRequested), Step{Do: ClearRequest, Target: to, Reason: v1.ReasonSwitchoverRequested})
}

// takenUp removes a request that is being carried out and could not be removed when that began: it would be
// carried out twice.
func takenUp(s *State) []Step {
	asked := s.Annotations[v1.AnnotationSwitchover]
	if s.Switchover == nil || s.Switchover.Reason != v1.ReasonSwitchoverRequested || asked != "any" && asked != s.Switchover.To {
		return nil
	}
	return []Step{{Do: ClearRequest, Target: asked, Reason: v1.ReasonSwitchoverRequested}}
}

func (s *State) beginSwitchover(to *Member, reason string) []Step {
	d := s.decisions()
	d.TargetPrimary = to.Name
	d.Switchover = &v1.Switchover{To: to.Name, Reason: reason, StartedAt: metav1.NewMicroTime(s.Now)}
	return []Step{record(d, reason, to.Name, fmt.Sprintf("%s is to take over from %s", to.Name, s.Timeline.Primary))}
}

// unfit says why a standby should not take over now; "" if it may.
func (s *State) unfit(m, p *Member) string {
	if why := s.ineligible(m); why != "" {
		return why
	}
	switch {
	case s.isVictim(m.Name):
		return "is being removed"
	case m.role() != control.RoleStandby || !m.Status.Streaming:
		return "is not streaming from the primary"
	case m.Status.Timeline != p.Status.Timeline:
		return fmt.Sprintf("is on timeline %d", m.Status.Timeline)
	case behind(m.Status.FlushLSN, p.Status.FlushLSN) > switchoverLag:
		return fmt.Sprintf("is %d MiB behind", behind(m.Status.FlushLSN, p.Status.FlushLSN)>>20)
	}
	return ""
}

func behind(have, want control.LSN) uint64 {
	if have >= want {
		return 0
	}
	return uint64(want - have)
}

// bestStandby is the fittest to take over; nil if none is fit.
func (s *State) bestStandby(p *Member) *Member {
	var fit []string
	for i := range s.Members {
		if m := &s.Members[i]; m != p && s.unfit(m, p) == "" {
			fit = append(fit, m.Name)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return s.member(slices.MaxFunc(fit, func(a, b string) int { return s.compareLog(s.member(a), s.member(b)) }))
}

// handOver carries a switchover on: the old primary ends first, the candidate gets the end of its log,
// and then the next timeline is claimed and elected on as in a failover.
func handOver(s *State) []Step {
	if s.Switchover == nil || s.Timeline == nil || s.Timeline.Primary == "" {
		return nil
	}
	p, to := s.primary(), s.member(s.Switchover.To)
	if !(p != nil && p.Reached) || s.lost(p) != "" {
		return nil // a failover then; it prefers the candidate if its log is as good
	}
	late := s.over(s.Switchover.StartedAt.Time, switchoverDeadline)
	if s.serving() != nil {
		switch why := s.unfitOrNil(to, p); {
		case why == "":
			return []Step{{Do: Demote, Target: p.Name, Reason: s.Switchover.Reason, Message: p.Name + " ends so that " + to.Name + " can take over",
				Request: control.DemoteRequest{Timeline: s.timeline()}}}
		case late:
			return s.abort(why)
		default:
			return []Step{wait(v1.ReasonWaitingForCandidate, s.Switchover.To, s.Switchover.To+" "+why, switchoverDeadline, 100*time.Millisecond)}
		}
	}
	if role := p.role(); role != control.RoleWaiting && role != control.RoleStandby || p.Status.Timeline != s.timeline() {
		if late && role != control.RolePrimary {
			return s.abort(p.Name + " is " + string(role))
		}
		return []Step{wait(v1.ReasonWaitingForPrimary, p.Name, fmt.Sprintf("%s is %s and should wait at the end of its log", p.Name, p.role()), switchoverDeadline, 50*time.Millisecond)}
	}
	if why := s.ineligibleOrNil(to); why == "" && to.Status.Timeline == s.timeline() && to.Status.FlushLSN >= p.Status.FlushLSN {
		return s.claim(s.Switchover.Reason)
	} else if late {
		return s.abort(fmt.Sprintf("%s did not get the end of the log %s; %s", s.Switchover.To, p.Status.FlushLSN, why))
	}
	return []Step{wait(v1.ReasonWaitingForCandidate, s.Switchover.To, fmt.Sprintf("%s gets the end of the log, %s", s.Switchover.To, p.Status.FlushLSN), switchoverDeadline, 50*time.Millisecond)}
}

func (s *State) unfitOrNil(m, p *Member) string {
	if m == nil {
		return "is gone"
	}
	return s.unfit(m, p)
}

func (s *State) ineligibleOrNil(m *Member) string {
	if m == nil {
		return "is gone"
	}
	return s.ineligible(m)
}

// abort lets the old primary go on.
func (s *State) abort(why string) []Step {
	d := s.decisions()
	d.Switchover, d.TargetPrimary = nil, s.Timeline.Primary
	return []Step{record(d, v1.ReasonSwitchoverAborted, s.Timeline.Primary, "the switchover is given up: "+why)}
}
