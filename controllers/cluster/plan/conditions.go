package plan

import (
	"fmt"
	"strings"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A View is what people are told about a state and the steps that follow from it.
type View struct {
	Conditions []metav1.Condition
	Gate       *v1.Gate
	Members    []v1.Member
	Primary    string // accepts writes
	Ready      int32
	Waiting    *v1.Waiting
}

// Describe puts a state and its steps in words.
func Describe(s State, steps []Step) View {
	for _, step := range steps {
		if step.Do == Record {
			s.Decisions = *step.Decisions
		}
	}
	v := View{Waiting: waiting(&s, steps)}
	if p := s.serving(); p != nil && p.Status.OpenWrites {
		v.Primary = p.Name
	}
	for i := range s.Members {
		m := s.describeMember(&s.Members[i])
		v.Members = append(v.Members, m)
		if m.Ready {
			v.Ready++
		}
	}
	v.Gate = s.currentGate()
	v.Conditions = []metav1.Condition{
		s.ready(v),
		s.parity(),
		s.imageAccepted(),
		s.rolloutBlocked(v.Gate),
		s.progressing(steps, v.Gate),
		s.stalled(steps),
		s.quorum(),
		s.failoverInProgress(steps),
		s.retiring(),
	}
	return v
}

func condition(kind string, is bool, reason, message string) metav1.Condition {
	status := metav1.ConditionFalse
	if is {
		status = metav1.ConditionTrue
	}
	if r := []rune(message); len(r) > 4000 {
		message = string(r[:4000]) + "…"
	}
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message}
}

func unknown(kind, reason, message string) metav1.Condition {
	c := condition(kind, false, reason, message)
	c.Status = metav1.ConditionUnknown
	return c
}

func (s *State) describeMember(m *Member) v1.Member {
	out := v1.Member{Name: m.Name, Role: "Unreachable", Message: m.Detail}
	if m.Pod != nil {
		out.Node, out.Revision = m.Pod.Node, m.Pod.Revision
		if m.Pod.Problem != "" {
			out.Message = m.Pod.Problem
		}
	}
	if m.Status != nil {
		out.Timeline, out.FlushLSN = int64(m.Status.Timeline), m.Status.FlushLSN.String()
		for _, l := range m.Status.Modules {
			out.Modules = append(out.Modules, l.Name+"@"+l.Version)
		}
	}
	if why := s.foreign(m); why != "" {
		out.Role, out.Message = string(m.Status.Role), why
		return out
	}
	if m.Reached && m.Status != nil {
		out.Role, out.Message = string(m.Status.Role), m.Status.Message
		if pause := m.Status.ReplayPaused; pause != nil {
			out.Message = fmt.Sprintf("replay is paused at %s: %s: %s", pause.LSN, pause.Reason, pause.Detail)
		}
		out.Ready = m == s.serving() && m.Status.OpenWrites ||
			m.Status.Role == control.RoleStandby && m.Status.Streaming && m.Status.ReplayPaused == nil && m.Status.Timeline == s.timeline()
	}
	return out
}

func (s *State) ready(v View) metav1.Condition {
	var not []string
	for _, m := range v.Members {
		if !m.Ready {
			not = append(not, strings.TrimSuffix(m.Name+" is "+m.Role+": "+m.Message, ": "))
		}
	}
	switch {
	case s.Annotations[v1.AnnotationPaused] == "true":
		return condition(v1.ConditionReady, false, v1.ReasonPaused, "the annotation "+v1.AnnotationPaused+" stops the operator")
	case s.Timeline == nil || s.SystemIdentifier == "":
		return condition(v1.ConditionReady, false, v1.ReasonBootstrapping, "the first instance is not up yet")
	case v.Primary == "":
		return condition(v1.ConditionReady, false, v1.ReasonNoPrimary, "no instance accepts writes")
	case len(not) > 0 || v.Ready < s.Spec.Instances:
		return condition(v1.ConditionReady, false, v1.ReasonInstancesNotReady, fmt.Sprintf("%d of %d instances are ready; %s", v.Ready, s.Spec.Instances, strings.Join(not, "; ")))
	}
	return condition(v1.ConditionReady, true, v1.ReasonAllInstancesReady, fmt.Sprintf("%s is the primary on timeline %d and %d instances are ready", v.Primary, s.Timeline.ID, v.Ready))
}
