package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (s *State) quorum() metav1.Condition {
	const kind = v1.ConditionQuorumAvailable
	p, set := s.serving(), s.newestSet()
	switch {
	case s.Timeline == nil || s.Timeline.Primary == "" || set == nil:
		return unknown(kind, v1.ReasonNoPrimary, "there is no primary")
	case set.Method == "" && s.Spec.Synchronous == nil:
		return condition(kind, true, v1.ReasonAsynchronous, "replication is asynchronous: commits do not wait, and a failover may lose the newest")
	case set.Method == "":
		return condition(kind, false, v1.ReasonAsynchronous, "no standby streams, and dataDurability preferred lets commits through without")
	case p == nil:
		return unknown(kind, v1.ReasonNoPrimary, s.Timeline.Primary+" is not serving")
	}
	var up []string
	for _, r := range p.Status.Replicas {
		if slices.Contains(set.Members, r.Name) && r.State == "streaming" {
			up = append(up, r.Name)
		}
	}
	message := fmt.Sprintf("commits wait for %s; streaming: [%s]", describe(*set), strings.Join(up, ", "))
	if len(up) < int(set.Number) {
		return condition(kind, false, v1.ReasonQuorumMissing, message)
	}
	return condition(kind, true, v1.ReasonQuorumStreams, message)
}

// failoverInProgress is about a lost primary only: not about one that is made or restarted, and not about
// a switchover.
func (s *State) failoverInProgress(steps []Step) metav1.Condition {
	const kind = v1.ConditionFailoverInProgress
	reason := s.whyFailover()
	if reason == "" {
		return condition(kind, false, v1.ReasonNoFailover, "no primary was lost")
	}
	for _, step := range steps {
		if step.Do == Wait || step.Do == Promote || step.Do == Record {
			return condition(kind, true, step.Reason, step.Message)
		}
	}
	return condition(kind, true, reason, "the primary is lost")
}

// whyFailover is why the primary has to be replaced, until its successor is open; "" if it has not.
func (s *State) whyFailover() string {
	t := s.Timeline
	switch {
	case t == nil || s.SystemIdentifier == "" || s.Switchover != nil || s.serving() != nil:
		return ""
	case t.Lost != "" && (t.Primary == "" || !s.begun(s.timeline())):
		return t.Reason // the successor is not chosen, or not promoted
	}
	return s.lost(s.primary())
}

// begun reports whether anybody has log of a timeline, or had when it was heard last.
func (s *State) begun(timeline control.TimelineID) bool {
	return slices.ContainsFunc(s.Members, func(m Member) bool {
		return m.Status != nil && s.foreign(&m) == "" && m.Status.Timeline >= timeline
	})
}
