package plan

import (
	"fmt"
	"strings"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
		if w := s.Waiting; w != nil && w.Reason == step.Reason && w.Target == step.Target && !w.Since.After(s.Now) {
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
