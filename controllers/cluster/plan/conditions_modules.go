package plan

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
