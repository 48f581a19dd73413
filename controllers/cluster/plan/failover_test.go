package plan_test

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
	"github.com/redoubt-wal/redoubt/controllers/conditions"
)

// The rule is compared with what it stands for: each group of standbys that could have released a
// commit, together with the primary, must have a voter.
func TestCoversEveryQuorum(t *testing.T) {
	const primary = "p"
	for size := range 6 {
		var members []string
		for i := range size {
			members = append(members, fmt.Sprint("s", i))
		}
		for number := 1; number <= size; number++ {
			for votes := range 1 << (size + 1) {
				var voters []string
				for i, m := range append(members, primary) {
					if votes>>i&1 == 1 {
						voters = append(voters, m)
					}
				}
				want := true
				for group := range 1 << size { // of standbys
					if ones(group) == number && group&votes == 0 && votes>>size&1 == 0 {
						want = false
					}
				}
				set := v1.AckSet{Primary: primary, Method: v1.SynchronousAny, Number: int32(number), Members: members}
				if got := plan.Covers(set, voters, members); got != want {
					t.Errorf("any %d of %v, voters %v: covered is %v, want %v", number, members, voters, got, want)
				}
			}
		}
	}
}

func ones(n int) (c int) {
	for ; n > 0; n &= n - 1 {
		c++
	}
	return c
}

// healthy is a cluster of three on timeline 4, primary orders-1, any 1 of the other two.
func healthy() plan.State {
	s := plan.State{
		Now: epoch, Name: "orders", Revision: "r",
		Spec: v1.WALClusterSpec{Instances: 3, Image: "node:1", Synchronous: &v1.Synchronous{Method: "any", Number: 1, DataDurability: "required"},
			Failover: v1.Failover{DetectionTimeout: metav1.Duration{Duration: 3 * time.Second}, IsolationTimeout: metav1.Duration{Duration: 10 * time.Second}}},
		Decisions: v1.Decisions{
			SystemIdentifier: "7412", Joined: []string{"orders-1", "orders-2", "orders-3"}, TargetPrimary: "orders-1",
			Image:    &v1.ImageStatus{Reference: "node:1", Image: "node:1"},
			Accepted: &v1.Revision{Reference: "node:1", Image: "node:1"},
			Timeline: &v1.TimelineClaim{ID: 4, Primary: "orders-1", SynchronousSets: []v1.AckSet{
				{Timeline: 4, Primary: "orders-1", Method: "any", Number: 1, Members: []string{"orders-2", "orders-3"}}}},
		},
	}
	for i := 1; i <= 3; i++ {
		name, ip := fmt.Sprint("orders-", i), fmt.Sprint("10.0.0.", i)
		st := &control.Status{Instance: name, SystemIdentifier: "7412", Role: control.RoleStandby, Timeline: 4, FencedAt: 4, FlushLSN: 0x1000, WriteLSN: 0x1000, Streaming: true, Upstream: "10.0.0.1"}
		role := v1.RoleReplica
		if i == 1 {
			st.Role, st.OpenWrites, st.Streaming, st.Upstream, role = control.RolePrimary, true, false, "", v1.RolePrimary
			st.Synchronous = control.Synchronous{Method: "any", Number: 1, Members: []string{"orders-2", "orders-3"}}
			st.Replicas = []control.Replica{{Name: "orders-2", State: "streaming", FlushLSN: 0x1000}, {Name: "orders-3", State: "streaming", FlushLSN: 0x1000}}
		}
		s.Members = append(s.Members, plan.Member{Name: name, Volume: true, Reached: true, LastHeard: epoch, Status: st,
			Pod: &plan.Pod{UID: name, IP: ip, Revision: "r", Role: role, Ready: true}})
	}
	return s
}

func lose(m *plan.Member) {
	m.Reached, m.Refused, m.Detail = false, true, "nobody listens at its address"
}

// dead is healthy without its primary, and with timeline 5 claimed and promised by the standbys.
func dead() plan.State {
	s := healthy()
	lose(&s.Members[0])
	s.Timeline.ID, s.Timeline.Primary, s.Timeline.Lost, s.Timeline.Reason, s.Timeline.ClaimedAt = 5, "", "orders-1", v1.ReasonPrimaryProcessDead, metav1.NewMicroTime(epoch)
	s.Members[1].Status.FencedAt, s.Members[2].Status.FencedAt = 5, 5
	return s
}

// first is the first step that is not about labels or pods.
func first(s plan.State) plan.Step {
	steps, _ := plan.Next(s)
	for _, step := range steps {
		if step.Do != plan.Label && step.Do != plan.CreateInstance {
			return step
		}
	}
	return plan.Step{}
}

func TestLosingThePrimary(t *testing.T) {
	for sentence, c := range map[string]struct {
		state func() plan.State
		do    plan.Do
		want  string // reason
	}{
		"all is well":         {healthy, "", ""},
		"its process is dead": {func() plan.State { s := healthy(); lose(&s.Members[0]); return s }, plan.Record, v1.ReasonPrimaryProcessDead},
		"it was silent for a moment": {func() plan.State {
			s := healthy()
			s.Members[0].Reached, s.Members[0].LastHeard = false, epoch.Add(-2900*time.Millisecond)
			return s
		}, plan.Wait, v1.ReasonWaitingForPrimary},
		"it was silent for too long": {func() plan.State {
			s := healthy()
			s.Members[0].Reached, s.Members[0].LastHeard = false, epoch.Add(-3100*time.Millisecond)
			return s
		}, plan.Record, v1.ReasonPrimaryUnreachable},
		"its pod is gone, though its process still speaks": {func() plan.State {
			s := healthy()
			s.Members[0].Pod, s.Members[0].Former = nil, true
			return s
		}, plan.Record, v1.ReasonPrimaryPodGone},
		"its pod is another than the one that was heard": {func() plan.State {
			s := healthy()
			s.Members[0].Reached, s.Members[0].Replaced = false, true
			return s
		}, plan.Record, v1.ReasonPrimaryProcessDead},
		"its disk hangs": {func() plan.State {
			s := healthy()
			s.Members[0].Status.Time = epoch
			s.Members[0].Status.WriteProbe = &control.Probe{At: epoch.Add(-time.Minute)}
			return s
		}, plan.Record, v1.ReasonPrimaryDiskStalled},
		"its disk is full, which is no reason": {func() plan.State {
			s := healthy()
			s.Members[0].Status.Time = epoch
			s.Members[0].Status.WriteProbe = &control.Probe{At: epoch, Error: "no space left on device"}
			return s
		}, "", ""},
		"its fsync failed": {func() plan.State { s := healthy(); s.Members[0].Status.Suspect = "segment 3"; return s }, plan.Record, v1.ReasonPrimarySuspect},
		"its log ends before what its standbys hold": {func() plan.State {
			s := healthy()
			s.Members[0].Status.Role, s.Members[0].Status.LostLSN = control.RoleWaiting, 0x2000
			return s
		}, plan.Record, v1.ReasonPrimaryLostLog},
		"its volume is empty":       {func() plan.State { s := healthy(); s.Members[0].Status.Role = control.RoleEmpty; return s }, plan.Record, v1.ReasonPrimaryEmpty},
		"isolation had closed it":   {func() plan.State { s := healthy(); s.Members[0].Status.OpenWrites = false; return s }, plan.Promote, v1.ReasonPrimaryCameBack},
		"its process was restarted": {func() plan.State { s := healthy(); s.Members[0].Status.Role = control.RoleWaiting; return s }, plan.Promote, v1.ReasonPrimaryCameBack},
		"it is dead and so is a standby: the other may lack a commit": {func() plan.State {
			s := healthy()
			lose(&s.Members[0])
			lose(&s.Members[1])
			return s
		}, plan.Wait, v1.ReasonWaitingForQuorum},
		"nobody can be reached, so nobody is promoted": {func() plan.State {
			s := healthy()
			for i := range s.Members {
				lose(&s.Members[i])
			}
			return s
		}, plan.Wait, v1.ReasonWaitingForQuorum},
		"it is dead and a standby's disk was wiped: it has no vote": {func() plan.State {
			s := healthy()
			lose(&s.Members[0])
			s.Members[1].Status = &control.Status{Instance: "orders-2", Role: control.RoleEmpty}
			return s
		}, plan.Wait, v1.ReasonWaitingForQuorum},
		"it is dead and a standby is suspect: it has no vote": {func() plan.State {
			s := healthy()
			lose(&s.Members[0])
			s.Members[1].Status.Suspect = "segment 3"
			return s
		}, plan.Wait, v1.ReasonWaitingForQuorum},
		"it is dead and a standby never joined: it cannot have acknowledged": {func() plan.State {
			s := healthy()
			lose(&s.Members[0])
			s.Joined = []string{"orders-1", "orders-3"}
			s.Members[1].Status = &control.Status{Instance: "orders-2", Role: control.RoleEmpty}
			return s
		}, plan.Record, v1.ReasonPrimaryProcessDead},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := first(c.state()); got.Do != c.do || got.Reason != c.want {
				t.Errorf("got %s %s %s: %s; want %s %s", got.Do, got.Target, got.Reason, got.Message, c.do, c.want)
			}
		})
	}
}

// withoutModule is an asynchronous cluster whose old primary has promised, and whose i-th member has not
// loaded the kv that the others have.
func withoutModule(s *plan.State, i int) {
	s.Timeline.SynchronousSets[0] = v1.AckSet{Timeline: 4, Primary: "orders-1"}
	s.Members[0].Reached, s.Members[0].Refused = true, false
	s.Members[0].Status.Role, s.Members[0].Status.FencedAt = control.RoleWaiting, 5
	s.Records = []v1.RecordFamily{{Module: "kv", Rmgr: 251, Formats: v1.FormatRange{Min: 1, Max: 1}}}
	for n := range s.Members {
		if n != i {
			s.Members[n].Status.Modules = []control.Module{kv("1.2.0", 1, 1)}
		}
	}
}

func TestChoosing(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*plan.State)
		want   string // target of Record; or the reason of a wait
	}{
		"the one with the most log":                   {func(s *plan.State) { s.Members[2].Status.FlushLSN = 0x2000 }, "orders-3"},
		"of equals the lowest number":                 {func(*plan.State) {}, "orders-2"},
		"of equals the one that a switchover was for": {func(s *plan.State) { s.Switchover = &v1.Switchover{To: "orders-3"} }, "orders-3"},
		"a switchover waits for the one it is for, though the old primary's promise is enough": {func(s *plan.State) {
			s.Switchover = &v1.Switchover{To: "orders-3"}
			s.Members[0].Reached, s.Members[0].Refused = true, false
			s.Members[0].Status.Role, s.Members[0].Status.FencedAt = control.RoleWaiting, 5
			s.Members[1].Status.FencedAt, s.Members[2].Status.FencedAt = 4, 4
		}, v1.ReasonWaitingForCandidate},
		"but not for ever": {func(s *plan.State) {
			s.Switchover = &v1.Switchover{To: "orders-3"}
			s.Now = epoch.Add(6 * time.Second)
			s.Members[0].Reached, s.Members[0].Refused = true, false
			s.Members[0].Status.Role, s.Members[0].Status.FencedAt = control.RoleWaiting, 5
			s.Members[1].Status.FencedAt, s.Members[2].Status.FencedAt = 4, 4
		}, "orders-1"},
		"a higher timeline counts more than more log": {func(s *plan.State) {
			s.Members[1].Status.Timeline, s.Members[1].Status.FlushLSN = 3, 0x9000
		}, "orders-3"},
		"one has not promised yet: it may still acknowledge": {func(s *plan.State) { s.Members[2].Status.FencedAt = 4 }, v1.ReasonWaitingForQuorum},
		"the one with the most log paused replay: the other may lack a commit": {func(s *plan.State) {
			s.Members[1].Status.FlushLSN = 0x2000
			s.Members[1].Status.ReplayPaused = &control.ReplayPause{Reason: "ModuleMissing", Detail: "rmgr 252"}
		}, v1.ReasonNoCandidate},
		"the old primary is back and has promised: with it any one is enough": {func(s *plan.State) {
			s.Members[0].Reached, s.Members[0].Refused = true, false
			s.Members[0].Status.Role, s.Members[0].Status.FencedAt = control.RoleWaiting, 5
			lose(&s.Members[1])
			lose(&s.Members[2])
		}, "orders-1"},
		"records that one cannot replay": {func(s *plan.State) {
			s.Records = []v1.RecordFamily{{Module: "kv", Rmgr: 251, Formats: v1.FormatRange{Min: 1, Max: 1}}}
			kv := kv("1.2.0", 1, 1)
			s.Members[2].Status.Modules = []control.Module{kv}
			s.Timeline.SynchronousSets[0].Number = 2 // either standby has every commit
		}, "orders-3"},
		"the old primary cannot replay records, and another has all of its log": {func(s *plan.State) {
			withoutModule(s, 0)
		}, "orders-2"},
		"the old primary cannot replay records, and has log that nobody else has": {func(s *plan.State) {
			withoutModule(s, 0)
			s.Members[0].Status.FlushLSN = 0x2000
		}, v1.ReasonNoCandidate},
		"the old primary cannot replay records, and has not promised": {func(s *plan.State) {
			withoutModule(s, 0)
			s.Members[0].Status.FencedAt = 4
		}, v1.ReasonWaitingForIsolation},
		"who cannot replay records has no more log than who can": {func(s *plan.State) {
			withoutModule(s, 2)
			lose(&s.Members[0])
			s.Timeline.SynchronousSets[0].Method, s.Timeline.SynchronousSets[0].Number = "any", 1
			s.Timeline.SynchronousSets[0].Members = []string{"orders-2", "orders-3"}
		}, "orders-2"},
		"who has diverged vouches for nobody": {func(s *plan.State) {
			withoutModule(s, 0)
			s.Members[0].Status.Role = control.RoleDiverged
		}, v1.ReasonNoCandidate},
		"an older set still counts: its standby is not among those that promised": {func(s *plan.State) {
			s.Joined = append(s.Joined, "orders-4")
			s.Timeline.SynchronousSets = append([]v1.AckSet{{Timeline: 3, Primary: "orders-4", Method: "any", Number: 1, Members: []string{"orders-1"}}}, s.Timeline.SynchronousSets...)
		}, v1.ReasonWaitingForQuorum},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := dead()
			c.change(&s)
			steps, _ := plan.Next(s)
			got := ""
			for _, step := range steps {
				switch {
				case step.Do == plan.Record && step.Reason == v1.ReasonMostAdvancedStandby:
					got = step.Target
				case step.Do == plan.Wait && got == "":
					got = step.Reason
				}
			}
			if got != c.want {
				t.Errorf("got %s, want %s; steps %+v", got, c.want, steps)
			}
		})
	}
}

// Whoever is behind the claim is told, first of all a primary that was deposed behind a partition.
func TestDeposedPrimaryIsFenced(t *testing.T) {
	s := healthy()
	s.Timeline.ID, s.Timeline.Primary = 5, "orders-2"
	s.Members[1].Status.Role, s.Members[1].Status.Timeline, s.Members[1].Status.OpenWrites = control.RolePrimary, 5, true
	steps, _ := plan.Next(s)
	for _, step := range steps {
		if step.Do == plan.Fence && step.Target == "orders-1" {
			if step.Reason != v1.ReasonPrimaryOfOlderTimeline || step.Request.(control.FenceRequest).Timeline != 5 {
				t.Errorf("got %+v", step)
			}
			return
		}
	}
	t.Errorf("orders-1 still writes timeline 4 and is not fenced: %+v", steps)
}

// A paused cluster is looked at and left alone.
func TestPaused(t *testing.T) {
	s := healthy()
	lose(&s.Members[0])
	s.Annotations = map[string]string{v1.AnnotationPaused: "true"}
	if steps, _ := plan.Next(s); len(steps) > 0 {
		t.Errorf("got %+v", steps)
	}
}

// FailoverInProgress is true from the loss of a primary until its successor is open, and at no other
// time.
func TestFailoverInProgress(t *testing.T) {
	silent := func(d time.Duration) func(*plan.State) {
		return func(s *plan.State) { s.Members[0].Reached, s.Members[0].LastHeard = false, epoch.Add(-d) }
	}
	for sentence, c := range map[string]struct {
		from   func() plan.State
		change func(*plan.State)
		want   bool
	}{
		"all is well":                     {healthy, func(*plan.State) {}, false},
		"the primary is silent a moment":  {healthy, silent(time.Second), false},
		"the primary is silent for long":  {healthy, silent(time.Minute), true},
		"nobody is chosen yet":            {dead, func(*plan.State) {}, true},
		"the chosen one is not promoted":  {dead, func(s *plan.State) { s.Timeline.Primary = "orders-2" }, true},
		"the first instance is not there": {healthy, func(s *plan.State) { s.SystemIdentifier, s.Members[0].Pod = "", nil }, false},
		"a switchover is under way": {healthy, func(s *plan.State) {
			s.Switchover = &v1.Switchover{To: "orders-2"}
			s.Members[0].Status.Role = control.RoleStandby
		}, false},
		"the successor is open": {dead, func(s *plan.State) {
			s.Timeline.Primary = "orders-2"
			st := s.Members[1].Status
			st.Role, st.Timeline, st.OpenWrites = control.RolePrimary, 5, true
		}, false},
		"the successor restarts later, where it was": {dead, func(s *plan.State) {
			s.Timeline.Primary = "orders-2"
			s.Members[1].Status.Timeline = 5 // and it is in recovery
		}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := c.from()
			c.change(&s)
			steps, _ := plan.Next(s)
			if got := conditions.IsTrue(plan.Describe(s, steps).Conditions, v1.ConditionFailoverInProgress); got != c.want {
				t.Errorf("got %t; steps %+v", got, steps)
			}
		})
	}
}

// TestAResumedPrimaryIsToldHowMuchItsPeersHold, also of one that cannot be reached; not on a new
// timeline, and not by those who left that log.
func TestAResumedPrimaryIsToldHowMuchItsPeersHold(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(s *plan.State)
		want   control.LSN
	}{
		"as much as it has":                      {func(*plan.State) {}, 0x1000},
		"one was heard with more, and is silent": {func(s *plan.State) { s.Members[2].Status.FlushLSN = 0x3000; lose(&s.Members[2]) }, 0x3000},
		"one with more has diverged": {func(s *plan.State) {
			s.Members[2].Status.FlushLSN, s.Members[2].Status.Role = 0x3000, control.RoleDiverged
		}, 0x1000},
		"one with more is on an older timeline": {func(s *plan.State) { s.Members[2].Status.FlushLSN, s.Members[2].Status.Timeline = 0x3000, 3 }, 0x1000},
		"the timeline is new": {func(s *plan.State) {
			for i := range s.Members {
				s.Members[i].Status.Timeline = 3
			}
		}, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := healthy()
			s.Timeline.Fenced = []string{"orders-1", "orders-2", "orders-3"}
			s.Members[0].Status.Role, s.Members[0].Status.OpenWrites = control.RoleWaiting, false
			s.Members[0].Status.StartedAt = epoch.Add(-time.Minute)
			c.change(&s)
			step := first(s)
			r, ok := step.Request.(control.PromoteRequest)
			if !ok || r.MustReach != c.want || !r.StartedAt.Equal(epoch.Add(-time.Minute)) {
				t.Errorf("%s %s: %+v, want MustReach %s, and the process that was seen", step.Do, step.Message, step.Request, c.want)
			}
		})
	}
}

// Scaling down names the pod and the volume that it takes away: others may have their names when it is done.
func TestWhatIsScaledAwayIsNamed(t *testing.T) {
	s := healthy()
	s.Spec.Instances = 2
	s.Members[2].Claim = "volume 3"
	s.Timeline.SynchronousSets[0].Members = []string{"orders-2"}
	s.Members[0].Status.Synchronous.Members = []string{"orders-2"}
	steps, _ := plan.Next(s)
	for _, step := range steps {
		if step.Do == plan.DeleteInstance {
			if step.Target != "orders-3" || step.UID != "orders-3" || step.Claim != "volume 3" {
				t.Errorf("got %+v", step)
			}
			return
		}
	}
	t.Errorf("nothing is removed: %+v", steps)
}

// Without synchronous replication a primary is given up when it refuses writes by itself: after the time that
// it was started with, and never if it was the only instance then.
func TestAnAsynchronousPrimaryIsGivenUpByItsOwnTime(t *testing.T) {
	never, hour := time.Duration(0), time.Hour
	for sentence, c := range map[string]struct {
		isolation *time.Duration
		silent    time.Duration
		claimed   time.Duration // ago
		want      bool
	}{
		"that of the spec":                       {nil, 11 * time.Second, 11 * time.Second, true},
		"not yet":                                {nil, 9 * time.Second, 9 * time.Second, false},
		"its own is longer":                      {&hour, 11 * time.Second, 11 * time.Second, false},
		"its own is over":                        {&hour, 61 * time.Minute, 61 * time.Minute, true},
		"it was the only instance":               {&never, time.Hour, time.Hour, false},
		"claimed by a clock that was ahead":      {nil, 11 * time.Second, -time.Hour, true},
		"claimed by one ahead, and heard lately": {nil, 9 * time.Second, -time.Hour, false},
	} {
		s := dead()
		s.Spec.Synchronous, s.Timeline.SynchronousSets = nil, []v1.AckSet{{Timeline: 4, Primary: "orders-1"}}
		s.Members[0].Refused, s.Members[0].Pod.Isolation = false, c.isolation
		s.Members[0].LastHeard, s.Timeline.ClaimedAt = epoch.Add(-c.silent), metav1.NewMicroTime(epoch.Add(-c.claimed))
		if step := first(s); (step.Reason == v1.ReasonMostAdvancedStandby) != c.want {
			t.Errorf("%s: got %s %s: %s", sentence, step.Do, step.Reason, step.Message)
		}
	}
}
