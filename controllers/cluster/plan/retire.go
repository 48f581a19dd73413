package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pushEvery is how often checkpoints and a segment switch are asked for while records of a retiring
// module remain.
const pushEvery = 2 * time.Second

// retireDeadline is how long retiring normally takes.
const retireDeadline = 10 * time.Minute

func (s *State) progress(module string) *v1.ModuleProgress {
	for i := range s.Modules {
		if s.Modules[i].Name == module {
			return &s.Modules[i]
		}
	}
	return nil
}

func (s *State) isRetiring(module string) bool {
	p := s.progress(module)
	return p != nil && p.State == v1.StateRetiring
}

// markRetiring turns a module that the cluster runs and the spec no longer wants into a retiring one,
// and one that it wants again back into an active one. If it is wanted in another version it goes on
// retiring until that is accepted, since that may not replay what this one would write.
func markRetiring(s *State) []Step {
	if s.Accepted == nil {
		return nil
	}
	d := s.decisions()
	var changed []string
	d.Modules = slices.DeleteFunc(d.Modules, func(p v1.ModuleProgress) bool {
		if s.wantsActive(p.Name) && !s.wantsAnother(p.Name) {
			changed = append(changed, p.Name+" is active again")
			return true
		}
		return false
	})
	for _, m := range s.Accepted.Modules {
		if !s.wantsActive(m.Name) && s.progress(m.Name) == nil {
			d.Modules = append(d.Modules, v1.ModuleProgress{Name: m.Name, State: v1.StateRetiring, Since: metav1.NewTime(s.Now)})
			changed = append(changed, m.Name+" retires: it stays loaded until its last record is gone")
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return []Step{record(d, v1.ReasonModuleRetiring, "", strings.Join(changed, "; "))}
}

// wantsAnother reports whether the spec wants another version of a module than the cluster runs.
func (s *State) wantsAnother(module string) bool {
	return slices.ContainsFunc(s.Spec.Modules, func(want v1.Module) bool {
		return want.Name == module && slices.ContainsFunc(s.Accepted.Modules, func(m v1.ModuleManifest) bool {
			return m.Name == module && m.Version != want.Version
		})
	})
}

// retire tells the primary to refuse new records of retiring modules, pushes the old ones out of every
// log, and ends the module when nobody has any.
func retire(s *State) []Step {
	p := s.serving()
	var steps []Step
	for _, loaded := range p.Status.Modules {
		if want := s.isRetiring(loaded.Name); loaded.Retiring != want {
			reason := v1.ReasonModuleRetiring
			if !want {
				reason = v1.ReasonModuleActive
			}
			if !want && (s.progress(loaded.Name) != nil || !s.acceptedReplays(loaded)) {
				continue // retired: it goes with the next revision
			}
			if !want {
				loaded.Retiring = false
				if said := s.announced(p, []control.Module{loaded}); said != nil {
					s.Decisions = *said[0].Decisions
					steps = append(steps, said...)
				}
			}
			steps = append(steps, Step{Do: Retire, Target: p.Name, Reason: reason, Message: "module " + loaded.Name,
				Request: control.RetireRequest{Module: loaded.Name, Retiring: want}})
		}
	}
	if len(steps) > 0 {
		return steps
	}
	for _, progress := range s.Modules {
		if progress.State == v1.StateRetiring {
			said := drain(s, p, progress)
			steps = append(steps, said...)
			for _, step := range said {
				if step.Do == Record {
					s.Decisions = *step.Decisions
				}
			}
		}
	}
	return steps
}

// acceptedReplays reports whether the pods of the accepted revision replay what a loaded module would write.
func (s *State) acceptedReplays(loaded control.Module) bool {
	g := gate{wanted: s.Accepted.Modules}
	return !slices.ContainsFunc(loaded.Managers, func(r control.Manager) bool { return r.Format != 0 && !g.replays(int32(r.ID), r.Name, int32(r.Format)) })
}

func drain(s *State, p *Member, progress v1.ModuleProgress) []Step {
	holders := s.holdersOf(progress.Name, p)
	d := s.decisions()
	mine := (&State{Decisions: *d}).progress(progress.Name)
	mine.Holders = holders
	if len(holders) == 0 {
		mine.State, mine.Since, mine.PushedAt = v1.StateRetired, metav1.NewTime(s.Now), nil
		d.Records = slices.DeleteFunc(d.Records, func(f v1.RecordFamily) bool { return f.Module == progress.Name })
		return []Step{record(d, v1.ReasonModuleRetired, progress.Name, "nobody holds a record of "+progress.Name+" any more: it is unloaded by the next rollout")}
	}
	message := progress.Name + " has records left: " + strings.Join(holders, "; ")
	waiting := wait(v1.ReasonDraining, progress.Name, message, retireDeadline, time.Second)
	if progress.PushedAt != nil && !s.over(progress.PushedAt.Time, pushEvery) || !s.allStream(p) {
		return []Step{waiting}
	}
	mine.PushedAt = &metav1.Time{Time: s.Now}
	steps := []Step{
		record(d, v1.ReasonPushRecordsOut, progress.Name, message),
		{Do: SwitchWAL, Target: p.Name, Reason: v1.ReasonPushRecordsOut, Request: control.SwitchWALRequest{}},
		{Do: Checkpoint, Target: p.Name, Reason: v1.ReasonPushRecordsOut, Request: control.CheckpointRequest{Wait: true}},
	}
	for i := range s.Members {
		if m := &s.Members[i]; m.role() == control.RoleStandby {
			steps = append(steps, Step{Do: Checkpoint, Target: m.Name, Reason: v1.ReasonPushRecordsOut, Request: control.CheckpointRequest{Wait: true}})
		}
	}
	return append(steps, waiting)
}

// pushLag is how far behind a standby may be when the primary is told to remove log: less than what
// desired's wal_keep_size keeps for it.
const pushLag = 32 << 20

// allStream reports whether every instance gets the log from the primary. While one does not, pushing
// would only remove what it still needs.
func (s *State) allStream(p *Member) bool {
	for i := range s.Members {
		m := &s.Members[i]
		if m != p && !s.gone(m) && !(m.role() == control.RoleStandby && m.Status.Streaming && behind(m.Status.FlushLSN, p.Status.FlushLSN) < pushLag) {
			return false
		}
	}
	return true
}

// holdersOf says who has, may have, or may still receive records of a module.
func (s *State) holdersOf(module string, p *Member) []string {
	ids := map[int32]bool{}
	for _, f := range s.Records {
		ids[f.Rmgr] = ids[f.Rmgr] || f.Module == module
	}
	for _, m := range s.Accepted.Modules {
		for _, r := range m.Rmgrs {
			ids[r.ID] = ids[r.ID] || m.Name == module
		}
	}
	var out []string
	for _, h := range s.holders() {
		if h.Census == nil {
			out = append(out, h.Instance+" cannot be asked ("+h.Why+")")
			continue
		}
		for _, kept := range h.Census.Holders {
			what := strings.TrimSpace(string(kept.Kind) + " " + kept.Name)
			if kept.Unknown {
				out = append(out, fmt.Sprintf("%s of %s is not known (%s)", what, h.Instance, kept.Reason))
			}
			for _, r := range kept.Records {
				if ids[int32(r.Rmgr)] && r.Count > 0 {
					out = append(out, fmt.Sprintf("%s of %s has %d of rmgr %d format %d, %s to %s", what, h.Instance, r.Count, r.Rmgr, r.Format, r.First, r.Last))
				}
			}
		}
		if s.lacksLog(s.member(h.Instance), p) {
			out = append(out, h.Instance+" "+lacksLog)
		}
	}
	return out
}

// oldestKept is where the primary's log begins.
func oldestKept(c *control.Census) control.LSN {
	if c == nil {
		return ^control.LSN(0)
	}
	for _, h := range c.Holders {
		if h.Kind == control.HolderWAL {
			return h.From
		}
	}
	return 0
}
