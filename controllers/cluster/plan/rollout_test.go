package plan_test

import (
	"slices"
	"testing"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

// alone is the only instance of a cluster, of another revision than the accepted one.
func alone() plan.State {
	s := healthy()
	s.Spec.Instances, s.Spec.Synchronous = 1, nil
	s.Members, s.Joined = s.Members[:1], s.Joined[:1]
	s.Timeline.SynchronousSets = []v1.AckSet{{Timeline: 4, Primary: "orders-1"}}
	s.Members[0].Status.Synchronous, s.Members[0].Status.Replicas = control.Synchronous{}, nil
	s.Revision = "r2"
	return s
}

// The only instance is replaced where it stands, once, and one that others are to join not before they can take over.
func TestTheOnlyInstanceIsReplaced(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*plan.State)
		want   bool
	}{
		"it is to be the only one":  {func(*plan.State) {}, true},
		"it is being stopped":       {func(s *plan.State) { s.Members[0].Pod.Deleting = true }, false},
		"two others are to join it": {func(s *plan.State) { s.Spec.Instances = 3 }, false},
	} {
		s := alone()
		c.change(&s)
		steps, _ := plan.Next(s)
		if got := slices.ContainsFunc(steps, func(step plan.Step) bool { return step.Do == plan.DeletePod }); got != c.want {
			t.Errorf("%s: replaced is %t, want %t: %+v", sentence, got, c.want, steps)
		}
	}
}
