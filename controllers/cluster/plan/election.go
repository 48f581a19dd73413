package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
)

// elect chooses the primary of a claimed timeline, once enough have promised.
func elect(s *State) []Step {
	if s.Timeline == nil || s.Timeline.Primary != "" {
		return nil
	}
	steps := s.fenceAll(s.timeline())
	// Those that have promised already may be enough: nobody waits for the slowest.
	if c := s.chosen(); c != nil {
		return append(steps, s.choose(c)...)
	}
	return append(steps, s.electionWait())
}

// chosen is the best of the fenced members that may be promoted, if it is sure to have every commit;
// else nil.
func (s *State) chosen() *Member {
	var eligible []string
	for i := range s.Members {
		if m := &s.Members[i]; s.fenced(m, s.timeline()) && s.ineligible(m) == "" {
			eligible = append(eligible, m.Name)
		}
	}
	if len(eligible) == 0 || s.awaitsWished() {
		return nil
	}
	best := s.member(slices.MaxFunc(eligible, func(a, b string) int { return s.compareLog(s.member(a), s.member(b)) }))
	if len(s.uncovered(s.vouchFor(best), s.Timeline.ClaimedAt.Time)) > 0 {
		return nil
	}
	return best
}

// vouchFor are the fenced members whose log holds nothing that m's does not: if they cover every set,
// m has every commit. They need not be fit for promotion. The old primary is not when a module is
// added: it is the last without it, and of an asynchronous cluster the only one whose log says enough.
func (s *State) vouchFor(m *Member) []string {
	var out []string
	for i := range s.Members {
		if v := &s.Members[i]; s.fenced(v, s.timeline()) && v.role() != control.RoleDiverged && longerLog(v, m) <= 0 {
			out = append(out, v.Name)
		}
	}
	return out
}

// longerLog orders by log: the timeline counts before the position.
func longerLog(a, b *Member) int {
	return cmp.Or(cmp.Compare(a.Status.Timeline, b.Status.Timeline), cmp.Compare(a.Status.FlushLSN, b.Status.FlushLSN))
}

// wishedWithin is how long an election of a switchover waits for the promise of the one it is for: the
// old primary's alone is enough, and often the first.
const wishedWithin = 5 * time.Second

func (s *State) awaitsWished() bool {
	if s.Switchover == nil || s.over(s.Timeline.ClaimedAt.Time, wishedWithin) {
		return false
	}
	to := s.member(s.Switchover.To)
	return to != nil && s.ineligible(to) == "" && !s.fenced(to, s.timeline())
}

// compareLog orders by log. Equal logs are told apart by the wish of a switchover, then by who stays when
// spec.instances is smaller, then by the lowest number. Who has the most log is chosen also if it was to go:
// then another goes.
func (s *State) compareLog(a, b *Member) int {
	wished := func(m *Member) int {
		if s.Switchover != nil && s.Switchover.To == m.Name {
			return 1
		}
		return 0
	}
	return cmp.Or(
		longerLog(a, b),
		cmp.Compare(wished(a), wished(b)),
		cmp.Compare(s.stays(a), s.stays(b)),
		-byNumber(a.Name, b.Name),
	)
}

func (s *State) stays(m *Member) int {
	if s.isVictim(m.Name) {
		return 0
	}
	return 1
}

// ineligible says why a member cannot be promoted; "" if it can.
func (s *State) ineligible(m *Member) string {
	switch role := m.role(); {
	case !s.holdsLog(m) && role == "":
		return "cannot be reached"
	case role == control.RoleEmpty || role == control.RoleCloning:
		return "has no complete copy of the log"
	case s.foreign(m) != "":
		return s.foreign(m)
	case m.Status.Suspect != "":
		return "is suspect after a failed fsync: " + m.Status.Suspect
	case m.Status.LostLSN != 0:
		return fmt.Sprintf("has lost log: it ends at %s, and peers hold it up to %s", m.Status.FlushLSN, m.Status.LostLSN)
	case role == control.RoleDiverged:
		return "has diverged"
	case m.Former || m.Pod == nil:
		return "has lost its pod"
	case role == control.RoleStopping || m.Pod != nil && m.Pod.Deleting:
		return "is stopping"
	case m.Status.ReplayPaused != nil:
		return fmt.Sprintf("has paused replay at %s: %s", m.Status.ReplayPaused.LSN, m.Status.ReplayPaused.Detail)
	case m.Leaving:
		return "is being removed"
	}
	if f := s.wouldWrite(m, s.Accepted); f != nil {
		return fmt.Sprintf("would write records of %s (rmgr %d), which the accepted revision does not replay", f.Module, f.Rmgr)
	}
	if f := cannotReplay(m.Status.Modules, s.Records); f != nil {
		return fmt.Sprintf("cannot replay records of %s (rmgr %d)", f.Module, f.Rmgr)
	}
	return ""
}

// cannotReplay is the first family of records that loaded modules do not replay; nil: they all do.
func cannotReplay(loaded []control.Module, records []v1.RecordFamily) *v1.RecordFamily {
	for i := range records {
		if f := &records[i]; !slices.ContainsFunc(loaded, func(m control.Module) bool {
			return slices.ContainsFunc(m.Managers, func(r control.Manager) bool {
				return int32(r.ID) == f.Rmgr && (f.Name == "" || strings.EqualFold(r.Name, f.Name)) && int32(r.Replays.Min) <= f.Formats.Min && f.Formats.Max <= int32(r.Replays.Max)
			})
		}) {
			return f
		}
	}
	return nil
}

func (s *State) choose(m *Member) []Step {
	d := s.decisions()
	d.Timeline.Primary, d.TargetPrimary, d.Switchover = m.Name, m.Name, nil
	for i := range s.Members {
		if s.fenced(&s.Members[i], s.timeline()) {
			d.Timeline.Fenced = append(d.Timeline.Fenced, s.Members[i].Name)
		}
	}
	d.Timeline.PossibleLoss = s.possibleLoss(m)
	set := s.numbered(s.synchronousSet(m.Name))
	d.Timeline.SynchronousSets = append(d.Timeline.SynchronousSets, set)
	msg := fmt.Sprintf("%s has the most log (timeline %d, %s) of [%s], which promised to follow nobody below timeline %d",
		m.Name, m.Status.Timeline, m.Status.FlushLSN, strings.Join(d.Timeline.Fenced, ", "), s.timeline())
	if l := d.Timeline.PossibleLoss; l != nil {
		msg += fmt.Sprintf("; without synchronous replication commits between %s and %s may be lost", l.From, l.To)
	}
	return []Step{record(d, v1.ReasonMostAdvancedStandby, m.Name, msg)}
}

// possibleLoss is what the lost asynchronous primary was last known to have and m does not have.
func (s *State) possibleLoss(m *Member) *v1.LSNRange {
	asynchronous := slices.ContainsFunc(s.Timeline.SynchronousSets, func(set v1.AckSet) bool { return set.Method == "" })
	p := s.member(s.Timeline.Lost)
	if !asynchronous || p == nil || p.Status == nil || p.Name == m.Name || p.Status.WriteLSN <= m.Status.FlushLSN {
		return nil
	}
	return &v1.LSNRange{From: m.Status.FlushLSN.String(), To: p.Status.WriteLSN.String()}
}

func (s *State) electionWait() Step {
	var voters, eligible []string
	for i := range s.Members {
		m := &s.Members[i]
		if !s.fenced(m, s.timeline()) {
			continue
		}
		voters = append(voters, m.Name)
		if s.ineligible(m) == "" {
			eligible = append(eligible, m.Name)
		}
	}
	missing := s.uncovered(voters, s.Timeline.ClaimedAt.Time)
	poll := 100 * time.Millisecond
	switch {
	case len(missing) == 0 && s.awaitsWished():
		return wait(v1.ReasonWaitingForCandidate, s.Switchover.To, s.Switchover.To+" has not promised yet", wishedWithin, 20*time.Millisecond)
	case len(missing) > 0 && missing[0].Method == "" && len(voters) > 0:
		isolation := s.isolation(s.member(missing[0].Primary))
		message := fmt.Sprintf("%s cannot be reached; without synchronous replication its successor waits until it refuses writes by itself (isolationTimeout %s)",
			missing[0].Primary, isolation)
		if isolation == 0 {
			message = missing[0].Primary + " cannot be reached, and never refuses writes by itself: it was started as the only instance. Make sure that it has ended, and delete its pod by force"
		}
		return wait(v1.ReasonWaitingForIsolation, missing[0].Primary, message, isolation+30*time.Second, poll)
	case len(missing) > 0:
		return wait(v1.ReasonWaitingForQuorum, s.Timeline.Lost, fmt.Sprintf(
			"timeline %d is claimed and [%s] have promised, but of the synchronous standbys %s of %s more are needed: they could have acknowledged a commit",
			s.Timeline.ID, strings.Join(voters, ", "), strings.Join(missing[0].Members, ", "), missing[0].Primary), time.Minute, poll)
	}
	return wait(v1.ReasonNoCandidate, s.Timeline.Lost, fmt.Sprintf("enough have promised, but of those that can be promoted [%s] none is sure to have every commit%s",
		strings.Join(eligible, ", "), s.whyIneligible()), time.Minute, poll)
}
