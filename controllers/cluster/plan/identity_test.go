package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

// foreign gives a member another cluster's data, with more log and a later timeline than this one has: a
// volume that was used before, or was restored from the wrong snapshot.
func foreign(m *plan.Member) {
	m.Status.SystemIdentifier, m.Status.Role, m.Status.Streaming = "9999", control.RoleWaiting, false
	m.Status.FlushLSN, m.Status.Timeline = 0x9000, 4
}

// Another cluster's data has no vote, is not chosen and not opened, and is said.
func TestForeignDataIsNotPromoted(t *testing.T) {
	for sentence, c := range map[string]struct {
		from   func() plan.State
		change func(*plan.State)
		want   string // "do target reason"
	}{
		"a spare instance has it when a primary is chosen": {dead, func(s *plan.State) {
			fourth := s.Members[2]
			status, pod := *fourth.Status, *fourth.Pod
			fourth.Name, fourth.Status, fourth.Pod = "orders-4", &status, &pod
			fourth.Status.Instance = fourth.Name
			foreign(&fourth)
			s.Members, s.Spec.Instances = append(s.Members, fourth), 4
		}, "Record orders-2 MostAdvancedStandby"},
		"a standby has it when a primary is chosen: the other may lack a commit": {dead, func(s *plan.State) { foreign(&s.Members[2]) },
			"Wait orders-1 WaitingForFencedQuorum"},
		"the primary has it: its standbys go on": {healthy, func(s *plan.State) { foreign(&s.Members[0]) },
			"Record orders-1 ForeignData"},
		"the only instance has it: it is not opened": {healthy, func(s *plan.State) {
			foreign(&s.Members[0])
			s.Members, s.Spec.Instances = s.Members[:1], 1
		}, "Wait orders-1 NoStandby"},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := c.from()
			c.change(&s)
			step := first(s)
			if got := fmt.Sprint(step.Do, " ", step.Target, " ", step.Reason); got != c.want {
				t.Errorf("got %s: %s, want %s", got, step.Message, c.want)
			}
		})
	}
	s := healthy()
	foreign(&s.Members[2])
	s.Now = epoch.Add(time.Hour)
	for i := range s.Members {
		s.Members[i].LastHeard = s.Now
	}
	steps, _ := plan.Next(s)
	for _, m := range plan.Describe(s, steps).Members {
		if m.Name == "orders-3" && (m.Ready || !strings.Contains(m.Message, "9999")) {
			t.Errorf("whose data orders-3 has is not said: %+v", m)
		}
	}
}

// The primary of a timeline that others have log of does not begin it once more: its volume was put back
// to an older state, and what they have of the timeline is gone from it.
func TestATimelineBeginsOnce(t *testing.T) {
	s := healthy()
	p := s.Members[0].Status
	p.Role, p.OpenWrites, p.Timeline, p.FencedAt, p.FlushLSN = control.RoleWaiting, false, 3, 3, 0x800
	s.Timeline.Fenced = []string{"orders-1", "orders-2"}
	step := first(s)
	for step.Do == plan.Fence { // it is told of the claim
		p.FencedAt = 4
		step = first(s)
	}
	if step.Do != plan.Record || step.Reason != v1.ReasonPrimaryLostLog {
		t.Errorf("got %s %s %s: %s", step.Do, step.Target, step.Reason, step.Message)
	}
}

// Who has the most log is chosen, also if a smaller spec.instances would take it away: then another goes.
func TestWhoHasTheMostLogIsNotRemoved(t *testing.T) {
	s := dead()
	s.Spec.Instances = 2
	s.Members[2].Status.FlushLSN = 0x2000
	if step := first(s); step.Do != plan.Record || step.Target != "orders-3" {
		t.Errorf("got %s %s %s: %s", step.Do, step.Target, step.Reason, step.Message)
	}
	s.Members[2].Leaving = true // its volume is being deleted: nobody else has its log
	if step := first(s); step.Do != plan.Wait || step.Reason != v1.ReasonNoCandidate {
		t.Errorf("got %s %s %s: %s", step.Do, step.Target, step.Reason, step.Message)
	}
}

// While nobody is chosen the old primary is no victim of a smaller spec.instances: it may be the only one
// with all of the log.
func TestTheOldPrimaryIsNotRemovedInAnElection(t *testing.T) {
	s := dead()
	s.Timeline.Lost = "orders-3"
	s.Timeline.SynchronousSets[0] = v1.AckSet{Timeline: 4, Primary: "orders-3"}
	s.Spec.Synchronous, s.Spec.Instances = nil, 2
	lose(&s.Members[1])
	s.Members[0].Reached, s.Members[0].Refused, s.Members[0].Status.Role, s.Members[0].Status.FencedAt = true, false, control.RoleStandby, 5
	s.Members[2].Status.Role, s.Members[2].Status.FlushLSN = control.RoleWaiting, 0x2000
	if step := first(s); step.Do != plan.Record || step.Target != "orders-3" {
		t.Errorf("got %s %s %s: %s", step.Do, step.Target, step.Reason, step.Message)
	}
}

// A claim that was lost with the API server's data, while a standby had promised it: the standby follows nobody below,
// so the next claim is above it. Without, the standby would be away for ever, and with it the commits that wait for it.
func TestAPromiseAboveTheClaimIsMet(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*plan.Member)
		want   int64
	}{
		"nobody has promised more":   {func(*plan.Member) {}, 0},
		"a standby":                  {func(m *plan.Member) { m.Status.Streaming = false }, 8},
		"one that lost its data":     {func(m *plan.Member) { m.Status.Role, m.Status.SystemIdentifier = control.RoleEmpty, "" }, 8},
		"one of another cluster":     {foreign, 0},
		"one that cannot be reached": {lose, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := healthy()
			if sentence != "nobody has promised more" {
				s.Members[2].Status.FencedAt = 7
			}
			c.change(&s.Members[2])
			steps, _ := plan.Next(s)
			got := int64(0)
			for _, step := range steps {
				if step.Do == plan.Record && step.Decisions.Timeline.ID > 4 {
					got = step.Decisions.Timeline.ID
				}
			}
			if got != c.want {
				t.Errorf("claimed is %d, want %d: %+v", got, c.want, steps)
			}
		})
	}
}
