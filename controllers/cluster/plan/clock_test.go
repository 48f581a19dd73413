package plan_test

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
	"github.com/redoubt-wal/redoubt/controllers/conditions"
)

// What an operator recorded whose clock was a day ahead delays nothing by a day, and what one recorded whose clock
// was a little ahead is not taken for long ago.
func TestAClockThatWasAheadDelaysNothing(t *testing.T) {
	for sentence, c := range map[string]struct {
		state func(at time.Time) plan.State
		over  func(plan.State, []plan.Step) bool
	}{
		"a switchover that does not get on is given up": {func(at time.Time) plan.State {
			s := healthy()
			s.Switchover = &v1.Switchover{To: "orders-2", StartedAt: metav1.NewMicroTime(at)}
			lose(&s.Members[1])
			return s
		}, does(plan.Record, v1.ReasonSwitchoverAborted)},
		"an election does not wait for the one of a switchover": {func(at time.Time) plan.State {
			s := dead()
			s.Switchover = &v1.Switchover{To: "orders-2", StartedAt: metav1.NewMicroTime(at)}
			s.Timeline.ClaimedAt, s.Members[1].Status.FencedAt = metav1.NewMicroTime(at), 4
			s.Members[0].Reached, s.Members[0].Refused = true, false
			s.Members[0].Status.Role, s.Members[0].Status.OpenWrites, s.Members[0].Status.FencedAt = control.RoleWaiting, false, 5
			return s
		}, does(plan.Record, v1.ReasonMostAdvancedStandby)},
		"an image that gave no answer is asked again": {func(at time.Time) plan.State {
			s := healthy()
			s.Spec.Image = "node:2"
			s.Image = &v1.ImageStatus{Reference: "node:2", Error: "no such image", AskedAt: metav1.NewTime(at)}
			return s
		}, does(plan.ProbeImage, v1.ReasonProbeImage)},
		"records are pushed out of the logs": {func(at time.Time) plan.State {
			s := healthy()
			retires := ledger()
			retires.Retiring = true
			s.Accepted.Modules = []v1.ModuleManifest{offered("ledger", "1.0.3", 252, 1, 1)}
			s.Modules = []v1.ModuleProgress{{Name: "ledger", State: v1.StateRetiring, PushedAt: &metav1.Time{Time: at}}}
			for i := range s.Members {
				s.Members[i].Status.Modules = []control.Module{retires}
				s.Members[i].Census = holding(s.Members[i].Name, control.HolderWAL, "", records(252, "ledger", 1)).Census
			}
			return s
		}, does(plan.SwitchWAL, v1.ReasonPushRecordsOut)},
		"a wait is counted from now": {func(at time.Time) plan.State {
			s := healthy()
			lose(&s.Members[2])
			s.Waiting = &v1.Waiting{Reason: v1.ReasonWaitingForInstance, Target: "orders-3", Since: metav1.NewTime(at)}
			return s
		}, func(s plan.State, steps []plan.Step) bool {
			s.Waiting = plan.Describe(s, steps).Waiting
			s.Now = s.Now.Add(11 * time.Minute)
			s.Members[0].LastHeard = s.Now
			steps, _ = plan.Next(s)
			return conditions.IsTrue(plan.Describe(s, steps).Conditions, v1.ConditionStalled)
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, ahead := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
				s := c.state(epoch.Add(ahead))
				if steps, _ := plan.Next(s); !c.over(s, steps) {
					t.Errorf("recorded %s ahead: got %+v", ahead, steps)
				}
			}
			if sentence == "a wait is counted from now" {
				return
			}
			s := c.state(epoch.Add(time.Second))
			if steps, _ := plan.Next(s); c.over(s, steps) {
				t.Errorf("recorded a second ahead: got %+v", steps)
			}
		})
	}
}

// does looks for a step.
func does(do plan.Do, reason string) func(plan.State, []plan.Step) bool {
	return func(_ plan.State, steps []plan.Step) bool {
		return slices.ContainsFunc(steps, func(step plan.Step) bool { return step.Do == do && step.Reason == reason })
	}
}
