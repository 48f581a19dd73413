package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	v1 "github.com/redoubt-wal/redoubt/api/v1"
	"github.com/redoubt-wal/redoubt/controllers/cluster/plan"
)

// forget takes records out of every log, as checkpoints do in time.
func (s *story) forget(gone func(control.RecordCount) bool) {
	for _, n := range s.nodes {
		n.records = slices.DeleteFunc(n.records, gone)
	}
}

// kv2 replays format 2 and nothing else.
func kv2(version string) control.Module {
	m := kv(version, 2, 2)
	m.Managers[0].Writes.Min, m.Managers[0].Replays.Min = 2, 2
	return m
}

// An upgrade that no longer replays format 1 is let through when nobody has a record of it any more.
// From then on format 1 is nothing that an instance must replay to be promoted.
func TestDroppedFormat(t *testing.T) {
	s := up(t, 3)
	s.images["node:3"] = []control.Module{kv2("2.0.0"), ledger()}
	s.Spec.Image, s.Spec.Modules[0].Version = "node:2", "1.3.0"
	s.run(5 * time.Minute)
	s.forget(func(r control.RecordCount) bool { return r.Rmgr == 251 && r.Format == 1 })
	s.out.Reset()
	s.lastSaid = ""
	s.say("format 2 is in force and no record of format 1 is left: an image that replays only format 2")
	s.Spec.Image, s.Spec.Modules[0].Version = "node:3", "2.0.0"
	s.run(5 * time.Minute)
	s.say("the primary is lost")
	s.losePod(s.Timeline.Primary)
	s.run(time.Minute)
	s.ends("dropped-format")
}

// A module that was retired comes back in a version that replays nothing of the old one's. The primary
// has the old one loaded until the rollout comes to it: it must not take records of it again.
func TestRetiredAndBackInAnotherFormat(t *testing.T) {
	s := up(t, 3)
	s.images["node:3"] = []control.Module{kv2("2.0.0"), ledger()}
	s.Spec.Modules[0].State = v1.ModuleRetiring
	s.until(5*time.Minute, func() bool { p := s.State.Modules; return len(p) == 1 && p[0].State == v1.StateRetired })
	s.out.Reset()
	s.lastSaid = ""
	s.say("kv 1.2.0 is retired, and comes back as 2.0.0")
	s.Spec.Image, s.Spec.Modules[0].Version, s.Spec.Modules[0].State = "node:3", "2.0.0", v1.ModuleActive
	s.run(5 * time.Minute)
	for name, n := range s.nodes {
		if slices.ContainsFunc(n.records, func(r control.RecordCount) bool { return r.Rmgr == 251 && r.Format == 1 }) {
			t.Errorf("%s has records of format 1, which no pod of the accepted revision replays", name)
		}
	}
	s.ends("back-in-another-format")
}

// Of a module that comes back the records are announced before the primary may write any.
func TestWhatComesBackIsAnnouncedFirst(t *testing.T) {
	s := healthy()
	loaded := ledger()
	loaded.Retiring = true
	for i := range s.Members {
		s.Members[i].Status.Modules = []control.Module{loaded}
		s.Members[i].Census = &control.Census{}
	}
	ledger := offered("ledger", "1.0.3", 252, 1, 1)
	s.Accepted.Modules, s.Image.Modules = []v1.ModuleManifest{ledger}, []v1.ModuleManifest{ledger}
	s.Spec.Modules = []v1.Module{{Name: "ledger", Version: "1.0.3"}}
	announced := false
	steps, _ := plan.Next(s)
	for _, step := range steps {
		if step.Do == plan.Record {
			announced = announced || slices.ContainsFunc(step.Decisions.Records, func(f v1.RecordFamily) bool { return f.Rmgr == 252 })
		}
		if step.Do == plan.Retire {
			if !announced {
				t.Errorf("the primary is told to take records that nobody was told of: %+v", steps)
			}
			return
		}
	}
	t.Errorf("ledger is not made active again: %+v", steps)
}

// downgrade is a cluster that writes format 1 of kv and has no record in any log. Its image replays
// formats 1 and 2; the image that is wanted replays only format 1.
func downgrade() plan.State {
	s := healthy()
	for i := range s.Members {
		loaded := kv("1.3.0", 2, 2)
		loaded.Managers[0].Format = 1
		s.Members[i].Status.Modules = []control.Module{loaded}
		s.Members[i].Census = &control.Census{Holders: []control.Holder{{Kind: control.HolderWAL, From: 0x100, To: 0x1000}}}
	}
	s.Accepted.Modules = []v1.ModuleManifest{offered("kv", "1.3.0", 251, 1, 2)}
	s.Records = []v1.RecordFamily{{Module: "kv", Rmgr: 251, Name: "kv", Formats: v1.FormatRange{Min: 1, Max: 1}}}
	s.Spec.Modules = []v1.Module{{Name: "kv", Version: "1.2.0"}}
	s.Spec.Image, s.Image = "node:0", &v1.ImageStatus{Reference: "node:0", Image: "node:0", Modules: []v1.ModuleManifest{offered("kv", "1.2.0", 251, 1, 1)}}
	return s
}

// What is recorded as about to be written counts as written: the command may be on its way, or its
// reply.
func TestTheGateKnowsWhatMayBeInForce(t *testing.T) {
	for sentence, c := range map[string]struct {
		change func(*plan.State)
		want   string
	}{
		"format 1 is in force": {func(*plan.State) {}, ""},
		"the raise to format 2 is recorded, and the primary has not said yet that it was done": {func(s *plan.State) {
			s.Records[0].Formats.Max = 2
		}, v1.ReasonFormatInForce},
		"format 2 is in force, and in a switchover no primary says so": {func(s *plan.State) {
			s.Records[0].Formats.Max = 2
			for i := range s.Members {
				s.Members[i].Status.Modules[0].Managers[0].Format = 2
			}
			s.Members[0].Status.Role, s.Members[0].Status.OpenWrites = control.RoleWaiting, false
		}, v1.ReasonFormatInForce},
		"the module writes nothing more: it comes back in another version": {func(s *plan.State) {
			s.Records[0].Formats.Max = 2
			for i := range s.Members {
				s.Members[i].Status.Modules[0].Retiring = true
			}
		}, ""},
		"a standby has not received all that the primary has removed": {func(s *plan.State) {
			s.Members[0].Status.Modules[0].Retiring = true
			s.Records[0].Formats.Max = 2
			s.Members[2].Status.FlushLSN = 0x800
			s.Members[0].Census.Holders[0].From = 0x1000
		}, v1.ReasonHolderUnknown},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := downgrade()
			c.change(&s)
			steps, _ := plan.Next(s)
			accepted := slices.ContainsFunc(steps, func(step plan.Step) bool {
				return step.Do == plan.Record && step.Reason == v1.ReasonNewRevision
			})
			got := plan.Describe(s, steps).Gate.Blocked
			if accepted != (c.want == "") || got != c.want {
				t.Errorf("accepted is %t, the gate says %q, want %q", accepted, got, c.want)
			}
		})
	}
}

// Another manager under the same ID replays nothing of the first one's: nodes refuse it (ManagerDiffers).
func TestTheGateComparesNames(t *testing.T) {
	family := []v1.RecordFamily{{Module: "acme", Rmgr: 200, Name: "acme", Formats: v1.FormatRange{Min: 1, Max: 1}}}
	other := offered("acme", "2.0.0", 200, 1, 1)
	other.Rmgrs[0].Name = "acme_orders"
	writing := holding("a-1", control.HolderWAL, "")
	writing.Writes = []control.Module{{Name: "acme", Managers: []control.Manager{{ID: 200, Name: "acme", Format: 1}}}}
	for sentence, c := range map[string]struct {
		wanted v1.ModuleManifest
		holder plan.LogHolder
		want   string
	}{
		"records of the first one":           {other, holding("a-1", control.HolderWAL, "", records(200, "acme", 1)), v1.ReasonRecordsRemain},
		"a holder that is not known":         {other, plan.LogHolder{Instance: "a-1"}, v1.ReasonHolderUnknown},
		"the primary writes as first":        {other, writing, v1.ReasonFormatInForce},
		"in other letters, as nodes compare": {offered("ACME", "2.0.0", 200, 1, 1), holding("a-1", control.HolderWAL, "", records(200, "acme", 1)), ""},
	} {
		if got := plan.Gate([]v1.ModuleManifest{c.wanted}, family, []plan.LogHolder{c.holder}); got.Blocked != c.want {
			t.Errorf("%s: got %q %v, want %q", sentence, got.Blocked, got.Refusals, c.want)
		}
	}
}

// A rollout stops for records that an instance has come back with, also while another instance is not
// known, which is no reason to stop.
func TestARolloutStopsForRecordsBehindAnUnknownHolder(t *testing.T) {
	s := downgrade()
	s.Accepted.Modules, s.Accepted.Image, s.Accepted.Reference = s.Image.Modules, "node:0", "node:0"
	s.Records[0].Formats.Max = 2
	s.Members[0].Census.Holders[0].Unknown = true
	s.Members[1].Census.Holders[0].Records = []control.RecordCount{records(251, "kv", 2)}
	for i := range s.Members {
		s.Members[i].Pod.Revision = "old"
	}
	steps, _ := plan.Next(s)
	for _, step := range steps {
		if step.Do == plan.DeletePod {
			t.Errorf("%s is replaced by a pod that cannot replay the records of orders-2", step.Target)
		}
		if step.Do == plan.Wait && strings.Contains(step.Message, "orders-2 holds 17 records of kv") {
			return
		}
	}
	t.Errorf("the rollout does not say why it waits: %+v", steps)
}

// overtaken is dead in the middle of a rollout that brought kv 1.3.0, when another with kv 2.0.0 is accepted
// already: whoever has kv 1.3.0 would begin with format 2 or 1, and pods of the accepted revision replay
// format 3 only.
func overtaken() plan.State {
	s := dead()
	third := offered("kv", "2.0.0", 251, 3, 3)
	s.Accepted.Modules, s.Image.Modules = []v1.ModuleManifest{third}, []v1.ModuleManifest{third}
	s.Spec.Modules = []v1.Module{{Name: "kv", Version: "2.0.0"}}
	for i := range s.Members {
		s.Members[i].Status.Modules = []control.Module{kv("1.3.0", 2, 2)}
		s.Members[i].Census = &control.Census{}
		s.Members[i].Pod.Revision = "overtaken"
	}
	return s
}

// Nobody becomes the primary whose records the accepted revision could not replay.
func TestARolloutOvertakenByAnother(t *testing.T) {
	s := overtaken()
	m := &s.Members[2]
	m.Pod.Revision, m.Status.Modules[0].Managers[0].Writes, m.Status.Modules[0].Managers[0].Replays = "r", control.FormatRange{Min: 3, Max: 3}, control.FormatRange{Min: 3, Max: 3}
	chosen := ""
	steps, _ := plan.Next(s)
	for _, step := range steps {
		if step.Do == plan.Record && step.Reason == v1.ReasonMostAdvancedStandby {
			chosen = step.Target
		}
	}
	if chosen != "orders-3" {
		t.Errorf("%q is chosen, want orders-3, the only one of the accepted revision: %+v", chosen, steps)
	}

	// None is of the accepted revision: they are rebuilt, though there is no primary.
	s = overtaken()
	rebuilt := map[string]bool{}
	steps, _ = plan.Next(s)
	for _, step := range steps {
		rebuilt[step.Target] = rebuilt[step.Target] || step.Do == plan.DeletePod
		if step.Do == plan.Record {
			t.Errorf("%s: %s", step.Reason, step.Message)
		}
	}
	if !rebuilt["orders-2"] || !rebuilt["orders-3"] {
		t.Errorf("nobody can be promoted, and nothing is done about it: %+v", steps)
	}
}

// A revision is not accepted that cannot replay what the one who is chosen is about to write.
func TestWhoIsChosenWillWrite(t *testing.T) {
	s := overtaken()
	s.Timeline.Primary = "orders-2"
	s.Accepted.Modules = []v1.ModuleManifest{offered("kv", "1.3.0", 251, 1, 2)}
	steps, _ := plan.Next(s)
	if got := plan.Describe(s, nil).Gate; got == nil || got.Blocked != v1.ReasonFormatInForce {
		t.Errorf("the gate says %+v", got)
	}
	for _, step := range steps {
		if step.Do == plan.Record && step.Reason == v1.ReasonNewRevision {
			t.Errorf("accepted: %s", step.Message)
		}
	}
}
