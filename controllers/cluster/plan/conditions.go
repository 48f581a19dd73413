package plan

import (
	"fmt"
	"slices"
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

// parity compares what the spec requires, what the image offers and what each instance loaded.
func (s *State) parity() metav1.Condition {
	if s.Accepted == nil {
		return unknown(v1.ConditionModulesInParity, v1.ReasonImageNotAccepted, "no image was accepted yet")
	}
	var skewed, silent []string
	for i := range s.Members {
		m := &s.Members[i]
		if m.role() == "" {
			silent = append(silent, m.Name)
		} else if why := skew(m.Status.Modules, s.Accepted.Modules); why != "" {
			skewed = append(skewed, m.Name+" "+why)
		}
	}
	for _, want := range s.Spec.Modules {
		if want.State != v1.ModuleRetiring && !slices.ContainsFunc(s.Accepted.Modules, func(m v1.ModuleManifest) bool {
			return m.Name == want.Name && m.Version == want.Version
		}) {
			skewed = append(skewed, fmt.Sprintf("the cluster runs %s, not %s %s of the spec", offers(s.Accepted.Modules), want.Name, want.Version))
		}
	}
	switch {
	case len(skewed) > 0:
		return condition(v1.ConditionModulesInParity, false, v1.ReasonSkew, strings.Join(skewed, "; "))
	case len(silent) > 0:
		return unknown(v1.ConditionModulesInParity, v1.ReasonInstanceUnreachable, "cannot be asked: "+strings.Join(silent, ", "))
	}
	return condition(v1.ConditionModulesInParity, true, v1.ReasonInParity, "every instance loaded "+offers(s.Accepted.Modules))
}

func (s *State) imageAccepted() metav1.Condition {
	reason, message := checkImage(s)
	switch reason {
	case v1.ReasonProbed:
		return condition(v1.ConditionImageAccepted, true, reason, message)
	case v1.ReasonProbing:
		return unknown(v1.ConditionImageAccepted, reason, message)
	}
	return condition(v1.ConditionImageAccepted, false, reason, message+"; running pods are not touched")
}

// currentGate is about what the spec's image could replay with the modules that the spec wants of it,
// also when the image is not accepted because it lacks one: who still needs that one is what a person
// asks next. Retiring modules are not counted: they are what would have to go. It is nil while it is not known
// what the image offers: then nothing is decided.
func (s *State) currentGate() *v1.Gate {
	image := s.Image
	if image == nil || image.Reference != s.Spec.Image || image.Error != "" {
		return nil
	}
	final := v1.Revision{Reference: image.Reference, Image: image.Image, Digest: image.Digest}
	final.Modules = slices.DeleteFunc(slices.Clone(image.Modules), func(m v1.ModuleManifest) bool { return !s.wantsActive(m.Name) })
	g, _ := s.gate(&final)
	return &g
}

func (s *State) rolloutBlocked(g *v1.Gate) metav1.Condition {
	if g == nil {
		reason, message := checkImage(s)
		return unknown(v1.ConditionRolloutBlocked, reason, "the gate has not decided: "+message)
	}
	if g.Blocked == "" {
		return condition(v1.ConditionRolloutBlocked, false, v1.ReasonNotBlocked, "the wanted modules can replay everything that any holder has")
	}
	var all []string
	for _, r := range g.Refusals {
		all = append(all, r.Message)
	}
	return condition(v1.ConditionRolloutBlocked, true, g.Blocked, strings.Join(all, "\n"))
}

// progressing says what is on the way; a spec that is refused is not.
func (s *State) progressing(steps []Step, gate *v1.Gate) metav1.Condition {
	for _, step := range steps {
		if step.disturbs() {
			message := step.Message
			if message == "" {
				message = strings.TrimSpace(string(step.Do) + " " + step.Target)
			}
			return condition(v1.ConditionProgressing, true, step.Reason, message)
		}
	}
	if s.Annotations[v1.AnnotationPaused] == "true" {
		return condition(v1.ConditionProgressing, false, v1.ReasonPaused, "the annotation "+v1.AnnotationPaused+" stops the operator")
	}
	switch reason, message := checkImage(s); {
	case reason == v1.ReasonProbing:
		return condition(v1.ConditionProgressing, true, reason, message)
	case reason != v1.ReasonProbed:
		return condition(v1.ConditionProgressing, false, reason, "the spec is not carried out: its image is not accepted")
	}
	if gate != nil && gate.Blocked != "" {
		return condition(v1.ConditionProgressing, false, gate.Blocked, "the spec is not carried out: the gate refuses it")
	}
	return condition(v1.ConditionProgressing, false, v1.ReasonSettled, "the cluster is as the spec wants it")
}

// waiting is the first wait of a pass, with the time since it is the first.
func waiting(s *State, steps []Step) *v1.Waiting {
	for _, step := range steps {
		if step.Do != Wait {
			continue
		}
		if w := s.Waiting; w != nil && w.Reason == step.Reason && w.Target == step.Target {
			return w
		}
		return &v1.Waiting{Reason: step.Reason, Target: step.Target, Since: metav1.NewTime(s.Now)}
	}
	return nil
}

// stalled says that a wait is past its deadline, or that the spec must be mended.
func (s *State) stalled(steps []Step) metav1.Condition {
	if reason, message := checkImage(s); reason != v1.ReasonProbed && reason != v1.ReasonProbing {
		return condition(v1.ConditionStalled, true, reason, message)
	}
	w := waiting(s, steps)
	for _, step := range steps {
		if step.Do == Wait && w != nil && step.Reason == w.Reason && step.Target == w.Target {
			if since := s.Now.Sub(w.Since.Time); since > step.Deadline {
				return condition(v1.ConditionStalled, true, step.Reason, fmt.Sprintf("for longer than %s: %s", step.Deadline, step.Message))
			}
		}
	}
	return condition(v1.ConditionStalled, false, v1.ReasonProgressing, "nothing is overdue")
}

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

func (s *State) retiring() metav1.Condition {
	var all []string
	for _, m := range s.Modules {
		if m.State == v1.StateRetiring {
			why := strings.Join(m.Holders, "; ")
			if why == "" {
				why = "new records are about to be refused"
			}
			all = append(all, m.Name+": "+why)
		}
	}
	if len(all) == 0 {
		return condition(v1.ConditionRetiring, false, v1.ReasonNothingRetiring, "no module is retiring")
	}
	return condition(v1.ConditionRetiring, true, v1.ReasonDraining, strings.Join(all, "\n"))
}
