// Package conditions keeps lists of conditions: a condition's transition time changes only when its
// status does.
package conditions

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Set puts conditions into a list, at a time and for a generation, and reports which of them have
// another status or reason than before.
func Set(list *[]metav1.Condition, now metav1.Time, generation int64, conditions ...metav1.Condition) (changed []metav1.Condition) {
	for _, c := range conditions {
		c.ObservedGeneration, c.LastTransitionTime = generation, now
		k := slices.IndexFunc(*list, func(old metav1.Condition) bool { return old.Type == c.Type })
		if k < 0 {
			*list = append(*list, c)
			changed = append(changed, c)
			continue
		}
		old := (*list)[k]
		if old.Status == c.Status {
			c.LastTransitionTime = old.LastTransitionTime
		}
		if old.Status != c.Status || old.Reason != c.Reason {
			changed = append(changed, c)
		}
		(*list)[k] = c
	}
	return changed
}

// IsTrue reports whether a condition is there and true.
func IsTrue(list []metav1.Condition, kind string) bool { return is(list, kind, metav1.ConditionTrue) }

// IsFalse reports whether a condition is there and false.
func IsFalse(list []metav1.Condition, kind string) bool { return is(list, kind, metav1.ConditionFalse) }

func is(list []metav1.Condition, kind string, status metav1.ConditionStatus) bool {
	return slices.ContainsFunc(list, func(c metav1.Condition) bool { return c.Type == kind && c.Status == status })
}
