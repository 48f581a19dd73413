package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

// scaledAway is a cluster of two, and an instance that was scaled away on a machine that was lost: its volume
// and its pod are being deleted, for as long as nobody says that they are gone.
func scaledAway() plan.State {
	s := healthy()
	s.Spec.Instances, s.Joined = 2, []string{"orders-1", "orders-2"}
	s.Timeline.SynchronousSets[0].Members = []string{"orders-2"}
	s.Members[0].Status.Synchronous.Members = []string{"orders-2"}
	s.Members[0].Status.Replicas = s.Members[0].Status.Replicas[:1]
	lost := &s.Members[2]
	lost.Leaving, lost.Pod.Deleting, lost.Pod.Ready, lost.Reached, lost.Detail = true, true, false, false, "no route to host"
	return s
}

// What is on its way out on a machine that was lost holds up nothing, and is said.
func TestALostMachineHoldsUpNothingElse(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*plan.State)
		want   plan.Step
	}{
		"a switchover": {func(s *plan.State) { s.Annotations = map[string]string{v1.AnnotationSwitchover: "orders-2"} },
			plan.Step{Do: plan.Record, Target: "orders-2", Reason: v1.ReasonSwitchoverRequested}},
		"another that goes": {func(s *plan.State) {
			s.Spec.Instances = 1
			s.Spec.Synchronous, s.Timeline.SynchronousSets = nil, []v1.AckSet{{Timeline: 4, Primary: "orders-1"}}
			s.Members[0].Status.Synchronous = control.Synchronous{}
		}, plan.Step{Do: plan.DeleteInstance, Target: "orders-2", Reason: v1.ReasonScaleDown}},
		"a rollout": {func(s *plan.State) { s.Revision = "r2" },
			plan.Step{Do: plan.DeletePod, Target: "orders-2", Reason: v1.ReasonOutdatedStandby}},
		"a rollout's switchover": {func(s *plan.State) { s.Revision, s.Members[1].Pod.Revision = "r2", "r2" },
			plan.Step{Do: plan.Record, Target: "orders-2", Reason: v1.ReasonSwitchoverForRollout}},
		"the gate": {func(s *plan.State) {
			d := downgrade()
			s.Accepted, s.Records, s.Spec.Modules, s.Spec.Image, s.Image = d.Accepted, d.Records, d.Spec.Modules, d.Spec.Image, d.Image
			s.Records[0].Formats.Max = 2 // which it may have
			for i := range 2 {
				s.Members[i].Status.Modules, s.Members[i].Census = d.Members[i].Status.Modules, d.Members[i].Census
				s.Members[i].Status.Modules[0].Retiring = true
			}
		}, plan.Step{Do: plan.Record, Target: "node:0", Reason: v1.ReasonNewRevision}},
		"the end of a module": {func(s *plan.State) {
			retires := ledger()
			retires.Retiring = true
			s.Accepted.Modules = []v1.ModuleManifest{offered("ledger", "1.0.3", 252, 1, 1)}
			s.Modules = []v1.ModuleProgress{{Name: "ledger", State: v1.StateRetiring}}
			for i := range 2 {
				s.Members[i].Status.Modules = []control.Module{retires}
				s.Members[i].Census = holding(s.Members[i].Name, control.HolderWAL, "", records(252, "ledger", 1)).Census
			}
		}, plan.Step{Do: plan.SwitchWAL, Target: "orders-1", Reason: v1.ReasonPushRecordsOut}},
		"a newer format": {func(s *plan.State) {
			s.Accepted.Modules = []v1.ModuleManifest{offered("kv", "1.3.0", 251, 1, 2)}
			s.Spec.Modules, s.Image.Modules = []v1.Module{{Name: "kv", Version: "1.3.0"}}, s.Accepted.Modules
			s.Records = []v1.RecordFamily{{Module: "kv", Rmgr: 251, Name: "kv", Formats: v1.FormatRange{Min: 1, Max: 1}}}
			for i := range 2 {
				loaded := kv("1.3.0", 2, 2)
				loaded.Managers[0].Format = 1
				s.Members[i].Status.Modules = []control.Module{loaded}
			}
		}, plan.Step{Do: plan.RaiseFormat, Target: "orders-1", Reason: v1.ReasonFormatNewlyReplayable}},
		"saying that it goes": {func(*plan.State) {}, plan.Step{Do: plan.Wait, Target: "orders-3", Reason: v1.ReasonScaleDown}},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := scaledAway()
			c.change(&s)
			steps, _ := plan.Next(s)
			var got []string
			for _, step := range steps {
				got = append(got, fmt.Sprint(step.Do, " ", step.Target, " ", step.Reason, ": ", step.Message))
			}
			if !slices.ContainsFunc(steps, func(step plan.Step) bool {
				return step.Do == c.want.Do && step.Target == c.want.Target && step.Reason == c.want.Reason
			}) {
				t.Errorf("got %q, want %s %s %s", got, c.want.Do, c.want.Target, c.want.Reason)
			}
		})
	}
}

// Who is on its way out is who goes, whoever is the primary by then.
func TestWhoGoesAlreadyIsWhoGoes(t *testing.T) {
	s := scaledAway() // orders-2 was to go while orders-3 was the primary
	s.Members[1].Name, s.Members[2].Name = "orders-3", "orders-2"
	s.Members[1].Status.Instance, s.Members[2].Status.Instance = "orders-3", "orders-2"
	s.Members[1], s.Members[2] = s.Members[2], s.Members[1]
	s.Joined, s.Timeline.SynchronousSets[0].Members = []string{"orders-1", "orders-3"}, []string{"orders-3"}
	s.Members[0].Status.Synchronous.Members, s.Members[0].Status.Replicas[0].Name = []string{"orders-3"}, "orders-3"
	steps, _ := plan.Next(s)
	for _, step := range steps {
		if step.Target == "orders-3" {
			t.Errorf("got %s %s %s: %s", step.Do, step.Target, step.Reason, step.Message)
		}
	}
}
