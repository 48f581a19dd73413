package plan_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

// An image without a module that the spec still requires is not accepted; and the gate tells who
// holds records of it, since that is what stands in the way of leaving it out.
func TestAnImageWithoutARequiredModuleIsRefusedWithTheHolders(t *testing.T) {
	s := healthy()
	ledger := v1.ModuleManifest{Name: "ledger", Version: "1.0.3", Rmgrs: []v1.RmgrManifest{{ID: 252, Name: "ledger", Writes: v1.FormatRange{Min: 1, Max: 1}, Replays: v1.FormatRange{Min: 1, Max: 1}}}}
	s.Spec.Modules = []v1.Module{{Name: "ledger", Version: "1.0.3", State: v1.ModuleActive}}
	s.Accepted.Modules = []v1.ModuleManifest{ledger}
	s.Records = []v1.RecordFamily{{Module: "ledger", Rmgr: 252, Name: "ledger", Formats: v1.FormatRange{Min: 1, Max: 1}}}
	s.Spec.Image = "node:2"
	s.Image = &v1.ImageStatus{Reference: "node:2", Image: "node:2"}
	for i := range s.Members {
		s.Members[i].Census = &control.Census{Holders: []control.Holder{{Kind: control.HolderWAL, Records: []control.RecordCount{
			{Rmgr: 252, Name: "ledger", Module: "ledger", Format: 1, Count: 7, First: 0x100, Last: 0x200}}}}}
	}
	steps, _ := plan.Next(s)
	for _, step := range steps {
		if step.Do == plan.DeletePod {
			t.Errorf("pod %s is touched: %s", step.Target, step.Reason)
		}
	}
	view := plan.Describe(s, steps)
	if got := len(view.Gate.Refusals); got != 3 {
		t.Errorf("got %d refusals, want one for each of the three instances: %+v", got, view.Gate.Refusals)
	}
	want := map[string]string{v1.ConditionImageAccepted: v1.ReasonModuleNotOffered, v1.ConditionRolloutBlocked: v1.ReasonRecordsRemain}
	for _, c := range view.Conditions {
		if reason, ok := want[c.Type]; ok && c.Reason != reason {
			t.Errorf("%s: got %s (%s), want %s", c.Type, c.Reason, c.Message, reason)
		}
	}
}

// While it is not known what the image offers the gate has decided nothing, and nobody says that it is open.
func TestTheGateIsNotOpenBeforeItHasDecided(t *testing.T) {
	for sentence, image := range map[string]*v1.ImageStatus{
		"the image is being asked": {Reference: "node:1", Image: "node:1"},
		"it gave no answer":        {Reference: "node:2", Error: "no such image", Reason: v1.ReasonProbeFailed},
		"nobody was ever asked":    nil,
	} {
		s := healthy()
		s.Spec.Image, s.Image = "node:2", image
		steps, _ := plan.Next(s)
		view := plan.Describe(s, steps)
		if view.Gate != nil {
			t.Errorf("%s: the gate says %+v", sentence, view.Gate)
		}
		for _, c := range view.Conditions {
			if c.Type == v1.ConditionRolloutBlocked && c.Status != "Unknown" {
				t.Errorf("%s: %s is %s: %s", sentence, c.Type, c.Status, c.Message)
			}
		}
	}
}

// A probe that was made with the wrong secrets or node selector is made anew when the spec is mended; what it
// has answered is taken.
func TestAProbeOfAnotherSpecIsMadeAnew(t *testing.T) {
	answer := func(problem string) *v1.ImageStatus {
		return &v1.ImageStatus{Reference: "node:2", Error: problem, Reason: problem}
	}
	for sentence, c := range map[string]struct {
		probe plan.Probe
		want  plan.Do
	}{
		"it does not start":                        {plan.Probe{Revision: "before", Problem: "ImagePullBackOff"}, plan.DeleteProbe},
		"it ended without an answer":               {plan.Probe{Revision: "before", Answer: answer("DeadlineExceeded")}, plan.DeleteProbe},
		"it has answered all the same":             {plan.Probe{Revision: "before", Answer: answer("")}, plan.Record},
		"one of this spec does not start":          {plan.Probe{Revision: "now", Problem: "ImagePullBackOff"}, ""},
		"one of this spec ended without an answer": {plan.Probe{Revision: "now", Answer: answer("DeadlineExceeded")}, plan.Record},
	} {
		s := healthy()
		s.Spec.Image, s.Probe, s.ProbeRevision = "node:2", &c.probe, "now"
		s.Probe.Reference = "node:2"
		if got := first(s).Do; got != c.want {
			t.Errorf("%s: got %q, want %q", sentence, got, c.want)
		}
	}
}

// Nobody says that the cluster is as the spec wants it while the image is being asked, or the operator is
// stopped.
func TestASpecThatIsNotCarriedOutIsNotSettled(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*plan.State)
		status metav1.ConditionStatus
		reason string
	}{
		"the image is being asked": {func(s *plan.State) { s.Probe = &plan.Probe{Reference: "node:2"} }, metav1.ConditionTrue, v1.ReasonProbing},
		"the operator is stopped": {func(s *plan.State) {
			s.Annotations = map[string]string{v1.AnnotationPaused: "true"}
		}, metav1.ConditionFalse, v1.ReasonPaused},
	} {
		s := healthy()
		s.Spec.Image = "node:2"
		c.change(&s)
		steps, _ := plan.Next(s)
		for _, cond := range plan.Describe(s, steps).Conditions {
			if cond.Type == v1.ConditionProgressing && (cond.Status != c.status || cond.Reason != c.reason) {
				t.Errorf("%s: %s is %s %s: %s", sentence, cond.Type, cond.Status, cond.Reason, cond.Message)
			}
		}
	}
}
