package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lost says why the primary counts as lost; "" while it does not.
func (s *State) lost(p *Member) string {
	detection := s.Spec.Failover.DetectionTimeout.Duration
	switch {
	case p == nil || p.Pod == nil || p.Former:
		return v1.ReasonPrimaryPodGone
	case p.Pod.Finished, !p.Reached && p.Refused, !p.Reached && p.Replaced:
		return v1.ReasonPrimaryProcessDead
	case !p.Reached && s.Now.Sub(p.LastHeard) > detection:
		return v1.ReasonPrimaryUnreachable
	case !p.Reached:
		return ""
	case p.Status.Suspect != "":
		return v1.ReasonPrimarySuspect
	case p.Status.LostLSN != 0:
		return v1.ReasonPrimaryLostLog
	case p.Status.Role == control.RoleEmpty && s.SystemIdentifier != "":
		return v1.ReasonPrimaryEmpty
	case p.Status.FencedAt > s.timeline():
		return v1.ReasonRecordsLost // somebody claimed a timeline that is not recorded
	case s.foreign(p) != "":
		return v1.ReasonForeignData
	case (p.Status.Role == control.RoleWaiting || p.Status.Role == control.RoleStandby) && p.Status.Timeline < s.timeline() && s.begun(s.timeline()):
		return v1.ReasonPrimaryLostLog // others have log of the timeline that it would begin
	case stalledDisk(p.Status, detection):
		return v1.ReasonPrimaryDiskStalled
	}
	return ""
}

// stalledDisk reports whether the node's own probe of its write path has not come back. The node's
// clock is compared with itself. A disk that answers with an error, as a full one does, is no reason
// to fail over.
func stalledDisk(s *control.Status, detection time.Duration) bool {
	if s.WriteProbe == nil || s.WriteProbe.At.IsZero() {
		return false
	}
	return s.Time.Sub(s.WriteProbe.At) > max(15*time.Second, 5*detection)
}

// failover begins when the primary is lost and enough of its standbys can be reached to replace it.
// Otherwise nobody is promoted: if the primary comes back, it goes on where it was.
func failover(s *State) []Step {
	if s.Timeline == nil || s.Timeline.Primary == "" {
		return nil
	}
	reason := s.lost(s.primary())
	if reason == "" {
		return nil
	}
	if len(s.Members) < 2 {
		return []Step{wait(v1.ReasonNoStandby, s.Timeline.Primary, "the only instance is lost ("+reason+"): there is nobody to take over", 2*time.Minute, time.Second)}
	}
	var voters []string
	eligible := false
	for i := range s.Members {
		if m := &s.Members[i]; s.holdsLog(m) && m.Name != s.Timeline.Primary {
			voters = append(voters, m.Name)
			eligible = eligible || s.ineligible(m) == ""
		}
	}
	// An asynchronous primary need not be given up yet for the claim: fencing its standbys is what
	// isolates it.
	missing := s.uncovered(voters, time.Time{})
	missing = slices.DeleteFunc(missing, func(set v1.AckSet) bool { return set.Method == "" && len(voters) > 0 })
	if len(missing) > 0 || !eligible {
		return []Step{wait(v1.ReasonWaitingForQuorum, s.Timeline.Primary, s.quorumMessage(reason, missing, voters), time.Minute, 200*time.Millisecond)}
	}
	return s.claim(reason)
}

// overtaken claims a timeline above every promise, when an instance has promised one that is not recorded: the API
// server's data was put back to an older state. It would follow nobody.
func overtaken(s *State) []Step {
	if s.serving() == nil {
		return nil
	}
	for i := range s.Members {
		if m := &s.Members[i]; m.role() != "" && !m.Former && s.foreign(m) == "" && m.Status.FencedAt > s.timeline() {
			return s.claim(v1.ReasonRecordsLost)
		}
	}
	return nil
}

func (s *State) quorumMessage(reason string, missing []v1.AckSet, voters []string) string {
	msg := fmt.Sprintf("primary %s is lost (%s) and nobody is promoted: ", s.Timeline.Primary, reason)
	if len(missing) == 0 {
		return msg + "no standby that can be reached can be promoted" + s.whyIneligible()
	}
	set := missing[0]
	return msg + fmt.Sprintf("of its synchronous standbys %s only [%s] can be reached, and the others could have acknowledged a commit that these do not have",
		strings.Join(set.Members, ", "), strings.Join(voters, ", "))
}

func (s *State) whyIneligible() string {
	var why []string
	for i := range s.Members {
		if w := s.ineligible(&s.Members[i]); w != "" {
			why = append(why, s.Members[i].Name+" "+w)
		}
	}
	if len(why) == 0 {
		return ""
	}
	return " (" + strings.Join(why, "; ") + ")"
}

// claim takes the next timeline, before anybody is told of it.
func (s *State) claim(reason string) []Step {
	d := s.decisions()
	next := s.nextTimeline()
	d.Timeline.ID = int64(next)
	d.Timeline.Lost, d.Timeline.Primary = d.Timeline.Primary, ""
	d.Timeline.Reason, d.Timeline.ClaimedAt, d.Timeline.Fenced = reason, metav1.NewMicroTime(s.Now), nil
	steps := []Step{record(d, reason, d.Timeline.Lost, fmt.Sprintf("primary %s: timeline %d is claimed for its successor", d.Timeline.Lost, next))}
	return append(steps, s.fenceAll(next)...)
}

// nextTimeline is above everything that was ever claimed or seen.
func (s *State) nextTimeline() control.TimelineID {
	next := s.timeline()
	for _, m := range s.Members {
		if m.Status != nil {
			next = max(next, m.Status.Timeline, m.Status.FencedAt)
		}
	}
	return next + 1
}
