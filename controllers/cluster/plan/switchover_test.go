package plan_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

// A request that could not be removed when it was taken up, since somebody wrote meanwhile or the operator ended, is
// removed while it is carried out: a second switchover would follow. Another request waits for its turn.
func TestARequestIsCarriedOutOnce(t *testing.T) {
	for sentence, c := range map[string]struct {
		asked, reason string
		want          bool
	}{
		"the furthest ahead":                {"any", v1.ReasonSwitchoverRequested, true},
		"the one that takes over":           {"orders-2", v1.ReasonSwitchoverRequested, true},
		"another":                           {"orders-3", v1.ReasonSwitchoverRequested, false},
		"nobody":                            {"", v1.ReasonSwitchoverRequested, false},
		"while a rollout asks for the same": {"any", v1.ReasonSwitchoverForRollout, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := healthy()
			s.Annotations = map[string]string{v1.AnnotationSwitchover: c.asked}
			s.Switchover = &v1.Switchover{To: "orders-2", Reason: c.reason, StartedAt: metav1.NewMicroTime(epoch.Add(-time.Second))}
			steps, _ := plan.Next(s)
			removed := false
			for i, step := range steps {
				removed = removed || step.Do == plan.ClearRequest
				if step.Do == plan.ClearRequest && i != len(steps)-1 {
					t.Errorf("it is removed before %s: what is recorded behind it would meet a newer object", steps[i+1].Do)
				}
			}
			if removed != c.want {
				t.Errorf("removed is %t, want %t: %+v", removed, c.want, steps)
			}
		})
	}
}
