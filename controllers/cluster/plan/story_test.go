package plan_test

import (
	"slices"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

// up tells the beginning of every story but the first without words.
func up(t *testing.T, instances int32) *story {
	s := newStory(t, instances)
	s.run(time.Minute)
	if s.primary() == nil {
		t.Fatalf("no primary:\n%s", s.out.String())
	}
	s.out.Reset()
	s.lastSaid = ""
	return s
}

func TestBootstrap(t *testing.T) {
	s := newStory(t, 3)
	s.say("a new cluster of three")
	s.run(time.Minute)
	s.ends("bootstrap")
}

func TestPrimaryLost(t *testing.T) {
	s := up(t, 3)
	s.say("the pod of the primary is deleted by force")
	s.losePod("orders-1")
	s.run(time.Minute)
	s.ends("primary-lost")
}

func TestPrimaryHangs(t *testing.T) {
	s := up(t, 3)
	s.say("the primary is cut off from everybody, and goes on")
	s.nodes["orders-1"].cut = true
	s.run(8 * time.Second)
	s.say("it is back")
	s.nodes["orders-1"].cut = false
	s.run(time.Minute)
	s.ends("primary-cut-off")
}

func TestTwoLosses(t *testing.T) {
	s := up(t, 3)
	s.say("the primary and a standby are lost: the other may lack a commit that those two have")
	s.losePod("orders-1")
	s.losePod("orders-2")
	s.nodes["orders-1"].cut, s.nodes["orders-2"].cut = true, true
	s.broken["node:1"] = "0/3 nodes are available"
	s.run(2 * time.Minute)
	s.say("the standby is back")
	delete(s.broken, "node:1")
	s.nodes["orders-2"].cut = false
	s.run(time.Minute)
	s.ends("two-losses")
}

func TestCandidateLostWhileFailingOver(t *testing.T) {
	s := up(t, 5)
	s.Spec.Synchronous.Number = 2
	s.run(10 * time.Second)
	s.say("the primary dies; when its successor is chosen, that one dies before it is promoted")
	s.losePod("orders-1")
	s.until(time.Minute, func() bool { return s.Timeline.ID == 2 && s.Timeline.Primary != "" })
	s.losePod(s.Timeline.Primary)
	s.run(time.Minute)
	s.ends("candidate-lost")
}

func TestOnlyInstanceRestarts(t *testing.T) {
	s := up(t, 1)
	s.say("the only instance dies and is started again")
	s.die("orders-1")
	s.run(time.Minute)
	s.ends("only-instance")
}

func TestAsynchronousPrimaryLost(t *testing.T) {
	s := up(t, 2)
	s.Spec.Synchronous = nil
	s.run(10 * time.Second)
	s.say("without synchronous replication the primary is cut off")
	s.nodes["orders-1"].cut = true
	s.run(time.Minute)
	s.ends("asynchronous")
}

func TestRollout(t *testing.T) {
	s := up(t, 3)
	s.say("a new image with kv 1.3.0, which can write format 2: standbys first, then the format is raised")
	s.Spec.Image, s.Spec.Modules[0].Version = "node:2", "1.3.0"
	s.run(5 * time.Minute)
	s.say("the old image is wanted back: records of format 2 remain")
	s.Spec.Image, s.Spec.Modules[0].Version = "node:1", "1.2.0"
	s.run(time.Minute)
	s.ends("rollout")
}

// The old primary is the only one without the new module: it cannot be elected, and of an asynchronous
// cluster it is the only one sure to have every commit. Its log says who else is.
func TestModuleAdded(t *testing.T) {
	s := up(t, 3)
	s.Spec.Modules = s.Spec.Modules[:1]
	s.run(5 * time.Minute)
	s.Spec.Synchronous = nil
	s.run(10 * time.Second)
	s.out.Reset()
	s.say("a module is added to an asynchronous cluster")
	s.Spec.Modules = append(s.Spec.Modules, v1.Module{Name: "ledger", Version: "1.0.3"})
	s.run(5 * time.Minute)
	s.ends("module-added")
}

// Nobody has written a record of a module that is only on its way in: an instance without it can take
// over, and its rollout can be taken back.
func TestModuleAddedWithABadImage(t *testing.T) {
	s := newStory(t, 3)
	s.Spec.Image, s.Spec.Modules = "node:noledger", s.Spec.Modules[:1]
	s.run(time.Minute)
	s.out.Reset()
	s.lastSaid = ""
	s.say("ledger is added with an image whose node does not start; then the primary is lost with its machine")
	s.images["node:bad"] = s.images["node:1"]
	s.broken["node:bad"] = "CrashLoopBackOff: exec format error"
	s.Spec.Image, s.Spec.Modules = "node:bad", append(s.Spec.Modules, v1.Module{Name: "ledger", Version: "1.0.3"})
	s.Spec.Synchronous.Number = 2 // either standby has every commit
	s.run(time.Minute)
	s.losePod("orders-1")
	s.nodes["orders-1"].cut = true
	s.run(time.Minute)
	s.say("the spec is put back")
	s.Spec.Image, s.Spec.Modules = "node:noledger", s.Spec.Modules[:1]
	s.run(5 * time.Minute)
	s.ends("module-added-bad-image")
}

func TestPrimaryLostWhileRolling(t *testing.T) {
	s := up(t, 3)
	s.say("a new image; when the first standby has it, the primary is lost")
	s.Spec.Image, s.Spec.Modules[0].Version = "node:2", "1.3.0"
	s.until(time.Minute, func() bool { n := s.nodes["orders-3"]; return n.alive && n.image == "node:2" && n.Streaming })
	s.losePod("orders-1")
	s.run(5 * time.Minute)
	s.ends("primary-lost-while-rolling")
}

func TestRemoval(t *testing.T) {
	s := up(t, 3)
	s.say("the image without ledger, and its entry deleted: refused while records remain, retired meanwhile")
	s.Spec.Image, s.Spec.Modules = "node:noledger", s.Spec.Modules[:1]
	s.nodes["orders-3"].cut = true // it cannot be asked
	s.run(20 * time.Second)
	s.say("the instance that could not be asked is back: the module drains and the way opens")
	s.nodes["orders-3"].cut = false
	s.run(5 * time.Minute)
	s.ends("removal")
}

func TestRetiring(t *testing.T) {
	s := up(t, 3)
	s.say("ledger retires in place")
	s.Spec.Modules[1].State = v1.ModuleRetiring
	s.run(5 * time.Minute)
	s.say("and is wanted again")
	s.Spec.Modules[1].State = v1.ModuleActive
	s.run(5 * time.Minute)
	s.ends("retiring")
}

// A logical slot whose reader is away keeps the gate closed, named, and nothing else does. When it is
// dropped nobody has to say anything: the way opens.
func TestRetiringWaitsForASlot(t *testing.T) {
	s := up(t, 3)
	s.say("the primary has a logical slot; the image without ledger is wanted, and ledger retires")
	s.nodes["orders-1"].slot = "audit"
	s.Spec.Image, s.Spec.Modules[1].State = "node:noledger", v1.ModuleRetiring
	s.run(10 * time.Second)
	for name, n := range s.nodes {
		holds := slices.ContainsFunc(n.records, func(c control.RecordCount) bool { return c.Module == "ledger" })
		if holds != (name == "orders-1") {
			t.Errorf("%s holds records of ledger: %t", name, holds)
		}
	}
	s.say("the slot is dropped")
	s.nodes["orders-1"].slot = ""
	s.run(5 * time.Minute)
	s.ends("retiring-slot")
}

func TestScale(t *testing.T) {
	s := up(t, 3)
	s.say("five instances")
	s.Spec.Instances = 5
	s.run(time.Minute)
	s.say("two instances")
	s.Spec.Instances = 2
	s.run(time.Minute)
	s.ends("scale")
}

func TestNeverReadyPodIsRebuilt(t *testing.T) {
	s := up(t, 3)
	s.say("a new image whose node does not start")
	s.images["node:bad"] = s.images["node:1"]
	s.broken["node:bad"] = "CrashLoopBackOff: exec format error"
	s.Spec.Image = "node:bad"
	s.run(12 * time.Minute)
	s.say("the spec is mended")
	s.Spec.Image = "node:2"
	s.Spec.Modules[0].Version = "1.3.0"
	s.run(5 * time.Minute)
	s.ends("never-ready")
}

func TestNeverReadyFromTheFirstDay(t *testing.T) {
	s := newStory(t, 3)
	s.say("a new cluster with an image whose node does not start")
	s.images["node:bad"] = s.images["node:1"]
	s.broken["node:bad"] = "CrashLoopBackOff: exec format error"
	s.Spec.Image = "node:bad"
	s.run(3 * time.Minute)
	s.say("the spec is mended")
	s.Spec.Image = "node:1"
	s.run(5 * time.Minute)
	s.ends("never-ready-first")
}

func TestSwitchover(t *testing.T) {
	s := up(t, 3)
	s.say("somebody asks for orders-3 as the primary")
	s.Annotations[v1.AnnotationSwitchover] = "orders-3"
	s.run(time.Minute)
	s.say("and for an instance that there is not")
	s.Annotations[v1.AnnotationSwitchover] = "orders-9"
	s.run(time.Minute)
	s.ends("switchover")
}

func TestBadImages(t *testing.T) {
	s := up(t, 3)
	s.say("an image that is not there")
	s.Spec.Image = "node:none"
	s.run(10 * time.Second)
	s.say("an image with another version than the spec says")
	s.Spec.Image = "node:2"
	s.run(10 * time.Second)
	s.say("an ID that is reserved for another")
	s.Spec.Modules[0].Version = "1.3.0"
	s.Reserved = append(s.Reserved, planReservation(251, "acme"))
	s.run(10 * time.Second)
	s.ends("bad-images")
}

func TestPreferredDurability(t *testing.T) {
	s := up(t, 2)
	s.Spec.Synchronous.DataDurability = v1.DurabilityPreferred
	s.run(5 * time.Second)
	s.say("the only standby is cut off: the primary may go on alone, once that is recorded")
	s.nodes["orders-2"].cut = true
	s.run(8 * time.Second)
	s.say("it is back")
	s.nodes["orders-2"].cut = false
	s.run(8 * time.Second)
	s.ends("preferred")
}

func TestAdoption(t *testing.T) {
	s := up(t, 3)
	s.say("the WALCluster was deleted with its pods and volumes left behind, and made anew: nothing is recorded")
	s.Decisions = v1.Decisions{}
	s.run(time.Minute)
	s.ends("adoption")
}

// What is being deleted is not adopted: a cluster that is made of it would have lost its log a moment later.
func TestWhatIsGoingIsNotAdopted(t *testing.T) {
	for sentence, going := range map[string]func(*plan.Member){
		"volumes": func(m *plan.Member) { m.Leaving = true },
		"pods":    func(m *plan.Member) { m.Pod.Deleting = true },
	} {
		s := healthy()
		s.Decisions = v1.Decisions{Image: s.Image, Accepted: s.Accepted}
		for i := range s.Members {
			going(&s.Members[i])
		}
		if step := first(s); step.Do != plan.Wait || step.Reason != v1.ReasonRecordsLost {
			t.Errorf("%s: got %s %s: %s", sentence, step.Do, step.Reason, step.Message)
		}
	}
}

func planReservation(id int32, name string) plan.Reservation {
	return plan.Reservation{ID: id, Name: name}
}

// A change of the synchronous set that is long on its way, and taken back meanwhile, comes into force when
// nobody thinks of it any more. What is acknowledged by it has to survive all the same.
func TestASynchronousSetThatComesLateLosesNothing(t *testing.T) {
	s := up(t, 3)
	s.Spec.Synchronous.Number = 2
	s.run(10 * time.Second)
	s.slow = true
	s.Spec.Synchronous.Number = 1
	s.run(5 * time.Second)
	if len(s.underway) != 1 {
		t.Fatal("nothing is under way: the test proves nothing")
	}
	s.Spec.Synchronous.Number = 2
	s.run(5 * time.Second)
	s.nodes["orders-3"].cut = true
	s.run(time.Second)
	before := s.acked
	s.arrive()
	s.tick()
	if s.acked <= before {
		t.Fatal("nothing was acknowledged by the late set: the test proves nothing")
	}
	s.losePod("orders-1")
	s.losePod("orders-2")
	s.nodes["orders-1"].cut, s.nodes["orders-2"].cut = true, true
	s.nodes["orders-3"].cut = false
	s.run(time.Minute) // fails if who has not got that commit is promoted
	s.nodes["orders-2"].cut = false
	s.run(time.Minute)
	if s.primary() == nil {
		t.Errorf("nobody leads:\n%s", s.out.String())
	}
}
