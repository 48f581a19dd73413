package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"

	v1 "github.com/redoubt-wal/redoubt/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lost says why the primary counts as lost; "" while it does not.
func (s *State) lost(p *Member) string {
	detection := s.Spec.Failover.DetectionTimeout.Duration
	switch {
	case p == nil || p.Pod == nil || p.Former:
		return v1.ReasonPrimaryPodGone
	case p.Pod.Finished, !p.Reached && p.Refused, !p.Reached && p.LastHeard.Before(p.Pod.Created):
		return v1.ReasonPrimaryProcessDead // in the last case the pod that we heard has been replaced
	case !p.Reached && s.Now.Sub(p.LastHeard) > detection:
		return v1.ReasonPrimaryUnreachable
	case !p.Reached:
		return ""
	case p.Status.Suspect != "":
		return v1.ReasonPrimarySuspect
	case p.Status.Role == control.RoleEmpty && s.SystemIdentifier != "":
		return v1.ReasonPrimaryEmpty
	case p.Status.FencedAt > s.timeline():
		return v1.ReasonRecordsLost // somebody claimed a timeline that is not recorded
	case stalledDisk(p.Status, detection):
		return v1.ReasonPrimaryDiskStalled
	}
	return ""
}

// stalledDisk reports whether the node's own probe of its write path has not come back. The node's
// clock is compared with itself. A disk that answers with an error, as a full one does, is no reason
// to fail over.
func stalledDisk(s *control.Status, detection time.Duration) bool {
	if s.WriteProbe == nil || s.WriteProbe.At.IsZero() {
		return false
	}
	return s.Time.Sub(s.WriteProbe.At) > max(15*time.Second, 5*detection)
}

// fenced reports whether a member's promise covers a timeline and its log has a vote.
func fenced(m *Member, timeline control.TimelineID) bool {
	return m.holdsLog() && m.Status.FencedAt >= timeline
}

// covers reports whether every group that could have acknowledged a commit in the set has a member
// among the voters: the primary itself, or more than all but number of the standbys.
func covers(set v1.AckSet, voters []string, joined []string) bool {
	if set.Primary != "" && slices.Contains(voters, set.Primary) {
		return true
	}
	var members, promised int
	for _, m := range set.Members {
		if !slices.Contains(joined, m) {
			continue // it was never told to follow, so it cannot have acknowledged anything
		}
		members++
		if slices.Contains(voters, m) {
			promised++
		}
	}
	return set.Method != "" && promised > members-int(set.Number)
}

// givenUp reports whether an asynchronous primary can be given up: its process is known to be
// dead, or it has refused writes by itself for lack of company.
func (s *State) givenUp(set v1.AckSet, since time.Time) bool {
	p := s.member(set.Primary)
	if p == nil || p.Pod != nil && p.Pod.Finished || !p.Reached && p.Refused {
		return true
	}
	if p.Reached {
		return p.Status.Role == control.RoleEmpty || p.Status.Suspect != ""
	}
	if p.LastHeard.After(since) {
		since = p.LastHeard
	}
	return s.Now.Sub(since) > s.Spec.Failover.IsolationTimeout.Duration
}

// uncovered lists the sets that voters do not cover; none: enough have promised.
func (s *State) uncovered(voters []string, since time.Time) []v1.AckSet {
	var out []v1.AckSet
	for _, set := range s.Timeline.SynchronousSets {
		if covers(set, voters, s.Joined) || set.Method == "" && len(voters) > 0 && s.givenUp(set, since) {
			continue
		}
		out = append(out, set)
	}
	return out
}

// failover begins when the primary is lost and enough of its standbys can be reached to replace it.
// Otherwise nobody is promoted: if the primary comes back, it goes on where it was.
func failover(s *State) []Step {
	if s.Timeline == nil || s.Timeline.Primary == "" {
		return nil
	}
	reason := s.lost(s.primary())
	if reason == "" {
		return nil
	}
	if len(s.Members) < 2 {
		return []Step{wait(v1.ReasonNoStandby, s.Timeline.Primary, "the only instance is lost ("+reason+"): there is nobody to take over", 2*time.Minute, time.Second)}
	}
	var voters []string
	eligible := false
	for i := range s.Members {
		if m := &s.Members[i]; m.holdsLog() && m.Name != s.Timeline.Primary {
			voters = append(voters, m.Name)
			eligible = eligible || s.ineligible(m) == ""
		}
	}
	// An asynchronous primary need not be given up yet for the claim: fencing its standbys is what
	// isolates it.
	missing := s.uncovered(voters, time.Time{})
	missing = slices.DeleteFunc(missing, func(set v1.AckSet) bool { return set.Method == "" && len(voters) > 0 })
	if len(missing) > 0 || !eligible {
		return []Step{wait(v1.ReasonWaitingForQuorum, s.Timeline.Primary, s.quorumMessage(reason, missing, voters), time.Minute, 200*time.Millisecond)}
	}
	return s.claim(reason)
}

func (s *State) quorumMessage(reason string, missing []v1.AckSet, voters []string) string {
	msg := fmt.Sprintf("primary %s is lost (%s) and nobody is promoted: ", s.Timeline.Primary, reason)
	if len(missing) == 0 {
		return msg + "no standby that can be reached can be promoted" + s.whyIneligible()
	}
	set := missing[0]
	return msg + fmt.Sprintf("of its synchronous standbys %s only [%s] can be reached, and the others could have acknowledged a commit that these do not have",
		strings.Join(set.Members, ", "), strings.Join(voters, ", "))
}

func (s *State) whyIneligible() string {
	var why []string
	for i := range s.Members {
		if w := s.ineligible(&s.Members[i]); w != "" {
			why = append(why, s.Members[i].Name+" "+w)
		}
	}
	if len(why) == 0 {
		return ""
	}
	return " (" + strings.Join(why, "; ") + ")"
}

// claim takes the next timeline, before anybody is told of it.
func (s *State) claim(reason string) []Step {
	d := s.decisions()
	next := s.nextTimeline()
	d.Timeline.ID = int64(next)
	d.Timeline.Lost, d.Timeline.Primary = d.Timeline.Primary, ""
	d.Timeline.Reason, d.Timeline.ClaimedAt, d.Timeline.Fenced = reason, metav1.NewMicroTime(s.Now), nil
	steps := []Step{record(d, reason, d.Timeline.Lost, fmt.Sprintf("primary %s: timeline %d is claimed for its successor", d.Timeline.Lost, next))}
	return append(steps, s.fenceAll(next)...)
}

// nextTimeline is above everything that was ever claimed or seen.
func (s *State) nextTimeline() control.TimelineID {
	next := s.timeline()
	for _, m := range s.Members {
		if m.Status != nil {
			next = max(next, m.Status.Timeline, m.Status.FencedAt)
		}
	}
	return next + 1
}

func (s *State) fenceAll(timeline control.TimelineID) []Step {
	var steps []Step
	for i := range s.Members {
		if m := &s.Members[i]; m.holdsLog() && m.Status.FencedAt < timeline {
			steps = append(steps, fence(m, timeline, v1.ReasonFenceBeforePromotion))
		}
	}
	return steps
}

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

// chosen is the best of the fenced members that may be promoted, if they are enough; else nil.
func (s *State) chosen() *Member {
	var eligible []string
	for i := range s.Members {
		if m := &s.Members[i]; fenced(m, s.timeline()) && s.ineligible(m) == "" {
			eligible = append(eligible, m.Name)
		}
	}
	if len(eligible) == 0 || len(s.uncovered(eligible, s.Timeline.ClaimedAt.Time)) > 0 || s.awaitsWished() {
		return nil
	}
	best := slices.MaxFunc(eligible, func(a, b string) int { return s.compareLog(s.member(a), s.member(b)) })
	return s.member(best)
}

// wishedWithin is how long an election of a switchover waits for the promise of the one it is for: the
// old primary's alone is enough, and often the first.
const wishedWithin = 5 * time.Second

func (s *State) awaitsWished() bool {
	if s.Switchover == nil || s.Now.Sub(s.Timeline.ClaimedAt.Time) > wishedWithin {
		return false
	}
	to := s.member(s.Switchover.To)
	return to != nil && s.ineligible(to) == "" && !fenced(to, s.timeline())
}

// compareLog orders by log: the timeline counts before the position. Equal logs are told apart by the
// wish of a switchover, then by the lowest number.
func (s *State) compareLog(a, b *Member) int {
	wished := func(m *Member) int {
		if s.Switchover != nil && s.Switchover.To == m.Name {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(a.Status.Timeline, b.Status.Timeline),
		cmp.Compare(a.Status.FlushLSN, b.Status.FlushLSN),
		cmp.Compare(wished(a), wished(b)),
		-byNumber(a.Name, b.Name),
	)
}

// ineligible says why a member cannot be promoted; "" if it can.
func (s *State) ineligible(m *Member) string {
	switch role := m.role(); {
	case !m.holdsLog() && role == "":
		return "cannot be reached"
	case role == control.RoleEmpty || role == control.RoleCloning:
		return "has no complete copy of the log"
	case m.Status.Suspect != "":
		return "is suspect after a failed fsync: " + m.Status.Suspect
	case role == control.RoleDiverged:
		return "has diverged"
	case m.Former || m.Pod == nil:
		return "has lost its pod"
	case role == control.RoleStopping || m.Pod != nil && m.Pod.Deleting:
		return "is stopping"
	case m.Status.ReplayPaused != nil:
		return fmt.Sprintf("has paused replay at %s: %s", m.Status.ReplayPaused.LSN, m.Status.ReplayPaused.Detail)
	case s.isVictim(m.Name):
		return "is being removed"
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
				return int32(r.ID) == f.Rmgr && int32(r.Replays.Min) <= f.Formats.Min && f.Formats.Max <= int32(r.Replays.Max)
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
		if fenced(&s.Members[i], s.timeline()) {
			d.Timeline.Fenced = append(d.Timeline.Fenced, s.Members[i].Name)
		}
	}
	d.Timeline.PossibleLoss = s.possibleLoss(m)
	set := s.synchronousSet(m.Name)
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
		if !fenced(m, s.timeline()) {
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
		return wait(v1.ReasonWaitingForIsolation, missing[0].Primary, fmt.Sprintf(
			"%s cannot be reached; without synchronous replication its successor waits until it refuses writes by itself (isolationTimeout %s)",
			missing[0].Primary, s.Spec.Failover.IsolationTimeout.Duration), s.Spec.Failover.IsolationTimeout.Duration+30*time.Second, poll)
	case len(missing) > 0:
		return wait(v1.ReasonWaitingForQuorum, s.Timeline.Lost, fmt.Sprintf(
			"timeline %d is claimed and [%s] have promised, but of the synchronous standbys %s of %s more are needed: they could have acknowledged a commit",
			s.Timeline.ID, strings.Join(voters, ", "), strings.Join(missing[0].Members, ", "), missing[0].Primary), time.Minute, poll)
	}
	return wait(v1.ReasonNoCandidate, s.Timeline.Lost, fmt.Sprintf("enough have promised, but of those that can be promoted [%s] none is sure to have every commit%s",
		strings.Join(eligible, ", "), s.whyIneligible()), time.Minute, poll)
}

// fenceStrays makes members keep up with the claim, first of all a primary that was deposed behind a
// partition and is back.
func fenceStrays(s *State) []Step {
	if s.Timeline == nil || s.Timeline.Primary == "" {
		return nil // elect fences
	}
	var steps []Step
	for i := range s.Members {
		m := &s.Members[i]
		if m.holdsLog() && m.Status.FencedAt < s.timeline() && m.Status.Timeline < s.timeline() {
			reason := v1.ReasonBehindClaimedTimeline
			if m.role() == control.RolePrimary {
				reason = v1.ReasonPrimaryOfOlderTimeline
			}
			steps = append(steps, fence(m, s.timeline(), reason))
		}
	}
	return steps
}
