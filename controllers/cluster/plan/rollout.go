package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// instanceDeadline is how long an instance may take to come back after its pod was replaced.
const instanceDeadline = 10 * time.Minute

// rolloutLag is how far behind a new standby may be to count as caught up.
const rolloutLag = 16 << 20

// rollout brings every pod to the accepted revision: pods that never became ready at once, then the
// standbys one at a time, each verified before the next; then another takes over from the primary,
// whose pod is the last.
func rollout(s *State) []Step {
	p := s.serving()
	var outdated []*Member
	for i := range s.Members {
		m := &s.Members[i]
		if m.Pod != nil && m.Pod.Revision != s.Revision && !s.isVictim(m.Name) { // who goes is not rebuilt
			outdated = append(outdated, m)
		}
	}
	if len(outdated) > 0 {
		// Accepting checked the gate; since then an instance may have come back with other records.
		gate, _ := s.gate(s.Accepted)
		for _, r := range gate.Refusals {
			if r.Reason != v1.ReasonHolderUnknown {
				return []Step{wait(r.Reason, outdated[0].Name, r.Message, 0, 5*time.Second)}
			}
		}
	}
	for _, m := range outdated {
		if m != p && !m.Pod.Deleting && !m.Pod.Ready && !m.Reached && m.Pod.Problem == "" { // with one, mend has
			return []Step{s.replace(m, v1.ReasonNeverReady)}
		}
	}
	for i := range s.Members {
		m := &s.Members[i]
		if m == p || s.isVictim(m.Name) {
			continue
		}
		if why := s.unverified(m, p); why != "" {
			return []Step{wait(v1.ReasonWaitingForInstance, m.Name, m.Name+" "+why, instanceDeadline, 500*time.Millisecond)}
		}
	}
	if len(outdated) == 0 {
		return nil
	}
	slices.SortFunc(outdated, func(a, b *Member) int { return -byNumber(a.Name, b.Name) })
	for _, m := range outdated {
		if m != p {
			return []Step{s.replace(m, v1.ReasonOutdatedStandby)}
		}
	}
	switch {
	case p.Pod.Deleting:
		return []Step{wait(v1.ReasonWaitingForInstance, p.Name, p.Name+" is being stopped", instanceDeadline, 500*time.Millisecond)}
	case len(s.Members) == 1 && s.Spec.Instances == 1: // else one that is to join can take over
		return []Step{s.replace(p, v1.ReasonOutdatedPrimary)}
	}
	if best := s.bestStandby(p); best != nil {
		return s.beginSwitchover(best, v1.ReasonSwitchoverForRollout)
	}
	return []Step{wait(v1.ReasonWaitingForCandidate, p.Name, "no standby is fit to take over from "+p.Name, instanceDeadline, time.Second)}
}

// mend rebuilds pods that do not run and were built from another revision than the accepted one,
// whatever else is going on: there may be no primary because of them. Likewise, while there is none, those
// that cannot be promoted because they would write what the accepted revision does not replay.
func mend(s *State) []Step {
	var steps []Step
	for i := range s.Members {
		m := &s.Members[i]
		if s.Accepted != nil && m.Pod != nil && m.Pod.Revision != s.Revision && m.Pod.Problem != "" && !m.Pod.Ready && !m.Pod.Deleting && !m.Reached {
			steps = append(steps, s.replace(m, v1.ReasonNeverReady))
		}
		if headless := s.Timeline != nil && (s.Timeline.Primary == "" || s.lost(s.primary()) != ""); headless && m != s.primary() && m.Reached &&
			m.Pod != nil && m.Pod.Revision != s.Revision && !m.Pod.Deleting && s.wouldWrite(m, s.Accepted) != nil {
			steps = append(steps, s.replace(m, v1.ReasonOutdatedStandby))
		}
	}
	return steps
}

func (s *State) replace(m *Member, reason string) Step {
	return Step{Do: DeletePod, Target: m.Name, UID: m.Pod.UID, Reason: reason,
		Message: fmt.Sprintf("%s is rebuilt with %s and %s", m.Name, s.Accepted.Image, offers(s.Accepted.Modules))}
}

// unverified says what a standby lacks to be counted on; "" if nothing. One of the accepted revision
// must be in parity, too. That replay is paused on one of the old revision is no reason to wait: what
// it cannot replay is why it is to be replaced.
func (s *State) unverified(m, p *Member) string {
	current := m.Pod != nil && m.Pod.Revision == s.Revision
	switch {
	case m.Pod == nil:
		return "has no pod yet"
	case m.Pod.Deleting:
		return "is being stopped"
	case !m.Reached && m.Pod.Problem != "":
		return "does not run: " + m.Pod.Problem
	case !m.Reached:
		return "cannot be reached: " + m.Detail
	case s.foreign(m) != "":
		return s.foreign(m)
	case m.role() != control.RoleStandby:
		return fmt.Sprintf("is %s: %s", m.role(), m.Status.Message)
	case !m.Status.Streaming:
		return "is not streaming: " + m.Status.Message
	case current && m.Status.ReplayPaused != nil:
		return "has paused replay: " + m.Status.ReplayPaused.Detail
	case current && skew(m.Status.Modules, s.Accepted.Modules) != "":
		return skew(m.Status.Modules, s.Accepted.Modules)
	case current && !m.Pod.Ready:
		return "is not ready"
	case behind(m.Status.FlushLSN, p.Status.FlushLSN) > rolloutLag:
		return fmt.Sprintf("is %d MiB behind", behind(m.Status.FlushLSN, p.Status.FlushLSN)>>20)
	}
	return ""
}

// raiseFormat raises the format in force of one manager as far as every instance replays it. It is
// recorded before: from then on older modules are refused.
func raiseFormat(s *State) []Step {
	p := s.serving()
	for _, m := range p.Status.Modules {
		if m.Retiring || s.progress(m.Name) != nil {
			continue
		}
		for _, r := range m.Managers {
			to := s.raiseTo(r)
			if r.Format == 0 || to <= r.Format || r.ID == modulesRmgr {
				continue
			}
			d := s.decisions()
			k := slices.IndexFunc(d.Records, func(f v1.RecordFamily) bool { return f.Rmgr == int32(r.ID) })
			if k < 0 {
				continue
			}
			message := fmt.Sprintf("every instance replays format %d of %s (rmgr %d), so %s writes it from now on", to, m.Name, r.ID, p.Name)
			steps := []Step{{Do: RaiseFormat, Target: p.Name, Reason: v1.ReasonFormatNewlyReplayable, Message: message, Request: control.FormatRequest{Rmgr: r.ID, Format: to}}}
			if d.Records[k].Formats.Max < int32(to) {
				d.Records[k].Formats.Max = int32(to)
				steps = append([]Step{record(d, v1.ReasonFormatNewlyReplayable, p.Name, message)}, steps...)
			}
			return steps
		}
	}
	return nil
}

// raiseTo is the highest format that the primary can write and every instance, of the accepted
// revision, can replay.
func (s *State) raiseTo(r control.Manager) uint16 {
	to := r.Writes.Max
	for i := range s.Members {
		m := &s.Members[i]
		if s.gone(m) {
			continue
		}
		if m.role() == "" || m.Pod == nil || m.Pod.Revision != s.Revision {
			return 0
		}
		replays := uint16(0)
		for _, loaded := range m.Status.Modules {
			for _, q := range loaded.Managers {
				if q.ID == r.ID && q.Replays.Has(r.Format) {
					replays = q.Replays.Max
				}
			}
		}
		to = min(to, replays)
	}
	return to
}

// skew says how loaded modules differ from the accepted ones; "" if they do not.
func skew(loaded []control.Module, accepted []v1.ModuleManifest) string {
	for _, want := range accepted {
		k := slices.IndexFunc(loaded, func(m control.Module) bool { return m.Name == want.Name })
		switch {
		case k < 0:
			return "has not loaded " + want.Name + " " + want.Version
		case loaded[k].Version != want.Version:
			return fmt.Sprintf("has loaded %s %s, not %s", want.Name, loaded[k].Version, want.Version)
		}
	}
	for _, m := range loaded {
		if !slices.ContainsFunc(accepted, func(want v1.ModuleManifest) bool { return want.Name == m.Name }) {
			return "has loaded " + m.Name + ", which is not in the set"
		}
	}
	return ""
}
