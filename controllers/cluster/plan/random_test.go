package plan_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
	"github.com/redoubt-wal/redoubt/controllers/conditions"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var stories = flag.Int("stories", 60, "how many random stories are told")

// Random stories: specs that change at any moment, instances that die or are cut off, readers that lag. At
// no moment may a revision be accepted that cannot replay what any instance holds, nor a commit be lost
// (the story sees to that). When all is well again the cluster gets well, whatever was going on.
func TestRandomStories(t *testing.T) {
	seeds := []uint64{166} // scaled down while the primary was lost, and those that are to go have the most log
	for seed := range uint64(*stories) {
		seeds = append(seeds, seed)
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			s := up(t, 3)
			s.images["node:3"] = []control.Module{kv2("2.0.0"), ledger()}
			s.images["node:4"] = []control.Module{kv("1.3.0", 2, 2)}
			for range 30 {
				s.happens(r)
				s.watched(time.Duration(r.IntN(40)) * 100 * time.Millisecond)
			}
			s.heal()
			s.watched(10 * time.Minute)
			view := plan.Describe(s.State, nil)
			if !conditions.IsTrue(view.Conditions, v1.ConditionReady) {
				s.summary()
				t.Errorf("it does not get well:\n%s", s.out.String())
			}
		})
	}
}

var versions = map[string]string{"node:1": "1.2.0", "node:2": "1.3.0", "node:3": "2.0.0", "node:4": "1.3.0", "node:noledger": "1.2.0"}

// happens lets one thing happen.
func (s *story) happens(r *rand.Rand) {
	names := s.names()
	name := names[r.IntN(len(names))]
	n := s.nodes[name]
	down := 0
	for _, m := range s.nodes {
		if m.cut {
			down++
		}
	}
	switch r.IntN(23) {
	case 22:
		s.say("asynchronous")
		s.Spec.Synchronous = nil

	case 16:
		if down == 0 {
			s.say("the machine of %s is lost", name)
			n.cut, n.lost = true, true
			if n.pod != nil && r.IntN(2) == 0 {
				n.pod.Deleting = true
			}
		}
	case 17:
		s.outage = !s.outage
		s.say("the API server takes nothing: %t", s.outage)
	case 18:
		s.say("the operator's clock is set back by a day")
		s.ahead(24 * time.Hour)
	case 19:
		s.say("an operator is stopped before it sends anything")
		steps, _ := plan.Next(s.State)
		s.paused = nil
		for _, step := range steps {
			if step.Do == plan.Record && !s.apply(step) {
				break // what is behind it is sent only once that went through
			}
			if step.Request != nil {
				s.paused = append(s.paused, step)
			}
		}
	case 20:
		s.say("a stopped operator goes on")
		s.resumed()
	case 21:
		if n.lost && n.pod != nil && n.pod.Deleting {
			s.say("the pod of %s is deleted by force", name)
			n.pod, n.alive, n.lost = nil, false, false
		}
	case 11:
		s.Spec.Synchronous = &v1.Synchronous{Method: "any", Number: 1, DataDurability: "required"}
		if r.IntN(2) == 0 {
			s.Spec.Synchronous.DataDurability = v1.DurabilityPreferred
		} else if s.Spec.Instances > 2 {
			s.Spec.Synchronous.Number = int32(1 + r.IntN(2))
		}
		s.say("synchronous %+v", *s.Spec.Synchronous)
	case 12:
		s.say("the operator is started anew")
		for _, m := range s.nodes {
			m.forgotten, m.heard, m.heardPod = true, s.Now, ""
		}
		s.Waiting = nil
	case 13:
		if s.broken["node:2"] == "" {
			s.broken["node:2"] = "CrashLoopBackOff"
		} else {
			delete(s.broken, "node:2")
		}
		s.say("node:2 %s", s.broken["node:2"])
	case 14:
		if !s.wiped && down == 0 && s.allUp() {
			s.wiped = true
			s.say("the volume of %s is lost", name)
			s.losePod(name)
			n.Status, n.records = control.Status{Instance: name, Role: control.RoleEmpty}, nil
		}
	case 15:
		s.say("a restart")
		s.Spec.Settings = map[string]v1.SettingValue{"a": v1.SettingValue(fmt.Sprint(r.IntN(1000)))}
	case 0, 1:
		images := []string{"node:1", "node:2", "node:3", "node:4", "node:noledger"}
		image := images[r.IntN(len(images))]
		s.say("image %s", image)
		s.Spec.Image = image
		s.Spec.Modules[0].Version = versions[image]
	case 2:
		s.Spec.Modules = s.Spec.Modules[:1]
		if r.IntN(2) == 0 {
			s.Spec.Modules = append(s.Spec.Modules, v1.Module{Name: "ledger", Version: "1.0.3"})
		}
		s.say("modules %v", s.Spec.Modules)
	case 3:
		s.Spec.Modules[0].State = []v1.ModuleState{v1.ModuleActive, v1.ModuleRetiring}[r.IntN(2)]
		s.say("kv is to be %s", s.Spec.Modules[0].State)
	case 4:
		s.Spec.Instances = int32(2 + r.IntN(3))
		if s.Spec.Synchronous != nil && s.Spec.Synchronous.Number >= s.Spec.Instances {
			s.Spec.Synchronous.Number = 1
		}
		s.say("%d instances", s.Spec.Instances)
	case 5:
		s.say("%s dies", name)
		s.die(name)
	case 6:
		s.say("the pod of %s is lost", name)
		s.losePod(name)
	case 7:
		n.cut = !n.cut && down == 0
		s.say("%s is cut off: %t", name, n.cut)
	case 8:
		s.say("a switchover")
		s.Annotations[v1.AnnotationSwitchover] = "any"
	case 9:
		n.slot = map[bool]string{true: "audit", false: ""}[n.slot == "" && r.IntN(3) == 0]
		s.say("%s has slot %q", name, n.slot)
	case 10:
		s.say("old formats are pushed out")
		if p := s.primary(); p != nil {
			s.forget(func(c control.RecordCount) bool {
				return slices.ContainsFunc(p.Modules, func(m control.Module) bool {
					return slices.ContainsFunc(m.Managers, func(r control.Manager) bool { return r.ID == c.Rmgr && r.Format > c.Format })
				})
			})
		}
	}
}

// ahead puts what is recorded into the future, as an operator writes it whose clock is ahead.
func (s *story) ahead(by time.Duration) {
	if s.Timeline != nil {
		s.Timeline.ClaimedAt = metav1.NewMicroTime(s.Timeline.ClaimedAt.Add(by))
	}
	if s.Switchover != nil {
		s.Switchover.StartedAt = metav1.NewMicroTime(s.Switchover.StartedAt.Add(by))
	}
	if s.Image != nil {
		s.Image.AskedAt = metav1.NewTime(s.Image.AskedAt.Add(by))
	}
	for i := range s.Modules {
		if at := s.Modules[i].PushedAt; at != nil {
			s.Modules[i].PushedAt = &metav1.Time{Time: at.Add(by)}
		}
	}
}

func (s *story) allUp() bool {
	for _, n := range s.nodes {
		if n.Role == control.RoleEmpty || !n.Streaming && n.Role != control.RolePrimary {
			return false
		}
	}
	return true
}

// watched lets time pass, and sees at every tick that what is accepted replays what is held.
func (s *story) watched(limit time.Duration) {
	s.t.Helper()
	s.until(limit, func() bool {
		for _, name := range s.names() {
			if s.nodes[name].leaving { // it replays nothing any more
				continue
			}
			for _, c := range s.nodes[name].records {
				if !replayedBy(s.Accepted.Modules, c) {
					s.t.Fatalf("%s holds %+v, and the accepted revision has %+v\n%s", name, c, s.Accepted.Modules, s.out.String())
				}
			}
		}
		return false
	})
}

func replayedBy(modules []v1.ModuleManifest, c control.RecordCount) bool {
	return slices.ContainsFunc(modules, func(m v1.ModuleManifest) bool {
		return slices.ContainsFunc(m.Rmgrs, func(r v1.RmgrManifest) bool {
			return r.ID == int32(c.Rmgr) && r.Replays.Min <= int32(c.Format) && int32(c.Format) <= r.Replays.Max
		})
	})
}

// heal ends every fault, and wants what runs.
func (s *story) heal() {
	s.say("all is well again, and the spec wants what is accepted")
	for _, n := range s.nodes {
		n.cut, n.lost, n.slot = false, false, ""
	}
	clear(s.broken)
	s.outage = false
	s.Spec.Image, s.Spec.Modules = s.Accepted.Reference, nil
	for _, m := range s.Accepted.Modules {
		s.Spec.Modules = append(s.Spec.Modules, v1.Module{Name: m.Name, Version: m.Version})
	}
}
