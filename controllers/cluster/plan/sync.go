package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// synchronousSet is who should release the commits of a primary on the claimed timeline.
func (s *State) synchronousSet(primary string) v1.AckSet {
	return s.synchronousSetOn(int64(s.timeline()), primary)
}

func (s *State) synchronousSetOn(timeline int64, primary string) v1.AckSet {
	set := v1.AckSet{Timeline: timeline, Primary: primary}
	want := s.Spec.Synchronous
	if want == nil {
		return set
	}
	set.Method, set.Number = want.Method, want.Number
	if want.DataDurability == v1.DurabilityPreferred {
		set.Members = s.streaming(primary)
		set.Number = min(set.Number, int32(len(set.Members)))
		if set.Number == 0 {
			return v1.AckSet{Timeline: timeline, Primary: primary}
		}
		return set
	}
	set.Members = s.standbysOf(primary)
	// Too few: commits wait for those that will come, by the names they will have.
	for n := 1; len(set.Members) < int(set.Number); n++ {
		if name := s.instanceName(n); name != primary && !slices.Contains(set.Members, name) && !s.isVictim(name) {
			set.Members = append(set.Members, name)
		}
	}
	return set
}

// standbysOf are the instances that joined and stay, and of those that are only joining none: a
// clone that is not complete would only make the set larger.
func (s *State) standbysOf(primary string) []string {
	newest := s.newestSet()
	var out []string
	for i := range s.Members {
		m := &s.Members[i]
		if m.Name == primary || !slices.Contains(s.Joined, m.Name) || s.isVictim(m.Name) {
			continue
		}
		known := newest != nil && (slices.Contains(newest.Members, m.Name) || newest.Primary == m.Name)
		if known || s.holdsLog(m) {
			out = append(out, m.Name)
		}
	}
	slices.SortFunc(out, byNumber)
	return out
}

// streaming are the standbys that confirm commits now; before a promotion those that can be asked.
func (s *State) streaming(primary string) []string {
	p := s.serving()
	var out []string
	for i := range s.Members {
		m := &s.Members[i]
		if m.Name == primary || s.isVictim(m.Name) || !slices.Contains(s.Joined, m.Name) || m.Pod == nil {
			continue
		}
		if newest := s.newestSet(); !m.Reached && newest != nil && slices.Contains(newest.Members, m.Name) &&
			s.Now.Sub(m.LastHeard) < s.Spec.Failover.DetectionTimeout.Duration {
			out = append(out, m.Name) // it has only just fallen silent
			continue
		}
		if !s.holdsLog(m) || m.Pod.Deleting {
			continue
		}
		if p != nil && p.Name == primary && !(m.role() == control.RoleStandby && m.Status.Streaming) {
			continue
		}
		out = append(out, m.Name)
	}
	return out
}

// newestSet is the last that was recorded; nil before the first.
func (s *State) newestSet() *v1.AckSet {
	if s.Timeline == nil || len(s.Timeline.SynchronousSets) == 0 {
		return nil
	}
	return &s.Timeline.SynchronousSets[len(s.Timeline.SynchronousSets)-1]
}

func request(set *v1.AckSet) control.Synchronous {
	switch {
	case set == nil:
		return control.Synchronous{}
	case set.Method == "":
		return control.Synchronous{Serial: set.Serial}
	}
	return control.Synchronous{Method: string(set.Method), Number: int(set.Number), Members: set.Members, Serial: set.Serial}
}

func sameRule(a, b control.Synchronous) bool {
	return a.Method == b.Method && a.Number == b.Number && slices.Equal(a.Members, b.Members)
}

// inForce reports whether a primary says that it uses a set. One before it may have the same rule, and one
// between the two be on its way to the primary still. A node of an older version does not count.
func inForce(p *Member, set *v1.AckSet) bool {
	says := p.Status.Synchronous
	return sameRule(says, request(set)) && (says.Serial == 0 || says.Serial == set.Serial)
}

// numbered gives a set the next serial: above every one that is recorded, or that a node says it took.
func (s *State) numbered(set v1.AckSet) v1.AckSet {
	if newest := s.newestSet(); newest != nil {
		set.Serial = newest.Serial
	}
	for i := range s.Members {
		if status := s.Members[i].Status; status != nil {
			set.Serial = max(set.Serial, status.Synchronous.Serial)
		}
	}
	set.Serial++
	return set
}

// synchronous keeps the primary's set and the record of it in step. A new set is recorded beside the
// old ones before the primary may use it. An old one is forgotten when enough members of the newest
// have everything that could have been confirmed by it: so it does not matter which of two sets is the
// stricter one.
func synchronous(s *State) []Step {
	p, newest := s.serving(), s.newestSet()
	want := s.synchronousSet(p.Name)
	if newest == nil || newest.Primary != p.Name || newest.Timeline != want.Timeline || !sameRule(request(newest), request(&want)) {
		want = s.numbered(want)
		d := s.decisions()
		d.Timeline.SynchronousSets = append(d.Timeline.SynchronousSets, want)
		return []Step{
			record(d, v1.ReasonSynchronousChange, p.Name, "commits will wait for "+describe(want)),
			setSynchronous(s, p, &want),
		}
	}
	if !inForce(p, newest) {
		return []Step{setSynchronous(s, p, newest)}
	}
	return forget(s, p)
}

func setSynchronous(s *State, p *Member, set *v1.AckSet) Step {
	return Step{Do: SetSynchronous, Target: p.Name, Reason: v1.ReasonSynchronousChange,
		Request: control.SynchronousRequest{Timeline: s.timeline(), Synchronous: request(set)}}
}

func describe(set v1.AckSet) string {
	if set.Method == "" {
		return "no standby (asynchronous)"
	}
	return fmt.Sprintf("%s %d of %s", set.Method, set.Number, strings.Join(set.Members, ", "))
}

// forget drops the sets before the newest, which is in force, when they are no longer needed.
func forget(s *State, p *Member) []Step {
	if len(s.Timeline.SynchronousSets) == 1 {
		return nil
	}
	d := s.decisions()
	sets := d.Timeline.SynchronousSets
	newest := sets[len(sets)-1]
	old := sets[:len(sets)-1]
	changed, dropped := false, false
	for i := range old {
		if old[i].Until == "" {
			old[i].Until, changed = p.Status.WriteLSN.String(), true
		}
	}
	kept := slices.DeleteFunc(old, func(set v1.AckSet) bool {
		until := lsn(set.Until)
		if newest.Method != "" && confirmed(p, newest, until) < int(newest.Number) {
			return false
		}
		dropped = true
		return true
	})
	if !changed && !dropped {
		return nil
	}
	d.Timeline.SynchronousSets = append(kept, newest)
	reason, message := v1.ReasonSynchronousInForce, "in force: "+describe(newest)
	if dropped {
		reason, message = v1.ReasonSynchronousSuperseded, "what older sets confirmed is held by "+describe(newest)
	}
	return []Step{record(d, reason, p.Name, message)}
}

// confirmed counts the members of a set whose log is durable to a position.
func confirmed(p *Member, set v1.AckSet, until control.LSN) int {
	n := 0
	for _, r := range p.Status.Replicas {
		if slices.Contains(set.Members, r.Name) && r.FlushLSN >= until {
			n++
		}
	}
	return n
}

// lsn reads a position that this package wrote.
func lsn(text string) control.LSN {
	var l control.LSN
	if l.UnmarshalText([]byte(text)) != nil {
		return ^control.LSN(0) // never reached, so nothing is forgotten
	}
	return l
}
