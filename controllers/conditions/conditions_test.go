package conditions_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/redoubt-wal/redoubt/controllers/conditions"
)

func TestTransitionTimeIsOfTheStatus(t *testing.T) {
	first, later := metav1.NewTime(time.Unix(100, 0)), metav1.NewTime(time.Unix(200, 0))
	var list []metav1.Condition
	set := func(now metav1.Time, status metav1.ConditionStatus, reason string) int {
		return len(conditions.Set(&list, now, 7, metav1.Condition{Type: "Ready", Status: status, Reason: reason}))
	}
	if set(first, metav1.ConditionFalse, "A") != 1 {
		t.Error("a new condition is no change")
	}
	if set(later, metav1.ConditionFalse, "A") != 0 || list[0].LastTransitionTime != first {
		t.Errorf("nothing changed: %+v", list[0])
	}
	if set(later, metav1.ConditionFalse, "B") != 1 || list[0].LastTransitionTime != first {
		t.Errorf("another reason: %+v", list[0])
	}
	if set(later, metav1.ConditionTrue, "B") != 1 || list[0].LastTransitionTime != later || !conditions.IsTrue(list, "Ready") || conditions.IsFalse(list, "Ready") {
		t.Errorf("another status: %+v", list[0])
	}
}
