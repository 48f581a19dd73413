package replication

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Level is how far a commit must have come on its standbys (synchronous_commit).
type Level int

const (
	LevelLocal       Level = iota // durable here is enough; also for "off"
	LevelRemoteWrite              // written there
	LevelRemoteFlush              // durable there: "on"
	LevelRemoteApply              // applied there
)

// ParseLevel reads a value of synchronous_commit. "off" is LevelLocal: the caller does not even
// wait for its own disk.
func ParseLevel(s string) (Level, error) {
	switch s {
	case "off", "local":
		return LevelLocal, nil
	case "remote_write":
		return LevelRemoteWrite, nil
	case "on":
		return LevelRemoteFlush, nil
	case "remote_apply":
		return LevelRemoteApply, nil
	}
	return 0, fmt.Errorf("invalid value for synchronous_commit: %q; want off, local, remote_write, on or remote_apply", s)
}

// ErrWaitCancelled says that a wait for standbys was given up: the commit is durable here and may
// not be on any standby. The caller warns and goes on.
var ErrWaitCancelled = &rmgr.Error{
	Code:    "01000",
	Message: "canceling wait for synchronous replication due to user request",
	Detail:  onlyHere,
}

// ErrWaitEnded says that the session of a commit was ended while it waited. Nobody asked to go on without
// standbys: the commit must not be acknowledged.
var ErrWaitEnded error = &rmgr.Error{
	Code:    adminShutdown,
	Message: "canceling the wait for synchronous replication and terminating connection due to administrator command",
	Detail:  onlyHere,
}

const (
	onlyHere      = "The transaction has already committed locally, but might not have been replicated to the standby."
	adminShutdown = "57P01"
)

// ErrDeposed is what Close is given when another node may be, or become, the primary.
var ErrDeposed error = &rmgr.Error{
	Code:    "57P01",
	Message: "canceling the wait for synchronous replication: this node is no longer the primary",
	Detail:  "The fate of the transaction is unknown: it is durable here, but the new primary may not have it.",
	Hint:    "Connect to the new primary and look whether the change is there before you repeat it.",
}

// errNotOpen is what a SyncRep answers that never was a primary's.
var errNotOpen = errors.New("synchronous replication is not open: the node is not a primary")

// A SyncRep lets commits wait for standbys. It is closed at first; a primary opens it. Any
// goroutine may call its methods.
type SyncRep struct {
	mu       sync.Mutex
	closed   error // nil while open
	timeline wal.TimelineID
	rule     Rule
	members  []*member // in the order in which they came
	released [LevelRemoteApply + 1]wal.LSN
	waiters  [LevelRemoteApply + 1][]*waiter // ascending by LSN
	scratch  []*member
	column   []wal.LSN
}

// A member is one sender's client as it has reported itself.
type member struct {
	name     string
	timeline wal.TimelineID
	counts   bool // streaming or stopping
	reached  [LevelRemoteApply + 1]wal.LSN
}

// NewSyncRep returns a closed one with an empty rule.
func NewSyncRep() *SyncRep { return &SyncRep{closed: errNotOpen} }

// Open makes commits of a primary on the timeline wait by the rule.
func (s *SyncRep) Open(tli wal.TimelineID, rule Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.timeline = nil, tli
	s.setRule(rule)
}

// Close makes every waiter, and every later one until Open, fail with err. When it has returned no
// wait that was not released before can succeed.
func (s *SyncRep) Close(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = err
	for level := range s.waiters {
		for _, w := range s.waiters[level] {
			w.err = err
			close(w.done)
		}
		s.waiters[level] = nil
		s.released[level] = 0
	}
}

// SetRule replaces the rule. Commits that wait are judged by the new one at once, and none that
// begins to wait later is released by what the old one found.
func (s *SyncRep) SetRule(rule Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setRule(rule)
}

func (s *SyncRep) setRule(rule Rule) {
	s.rule = rule
	s.rule.Members = slices.Clone(rule.Members)
	s.released = [len(s.released)]wal.LSN{}
	s.release()
}

// Rule is the rule in force.
func (s *SyncRep) Rule() Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rule
}

// Waiters is how many commits wait now.
func (s *SyncRep) Waiters() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, w := range s.waiters {
		n += len(w)
	}
	return n
}

// join adds a client; it counts for nothing until update says so.
func (s *SyncRep) join(name string) *member {
	m := &member{name: name}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members = append(s.members, m)
	return m
}

// leave removes a client. What it had confirmed no longer counts for commits that wait.
func (s *SyncRep) leave(m *member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members = slices.DeleteFunc(s.members, func(o *member) bool { return o == m })
	s.release() // with FIRST, one that was potential may take its place
}

// update notes what a client is doing and has confirmed, and releases whom that releases.
func (s *SyncRep) update(m *member, tli wal.TimelineID, counts bool, write, flush, apply wal.LSN) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.timeline, m.counts = tli, counts
	m.reached = [...]wal.LSN{LevelRemoteWrite: write, LevelRemoteFlush: flush, LevelRemoteApply: apply}
	s.release()
}

// chosen are the members whose word counts: with ANY all candidates, with FIRST at most Number of
// them, the ones named first in the rule. It is valid until the next call.
func (s *SyncRep) chosen() []*member {
	s.scratch = s.scratch[:0]
	for _, m := range s.members {
		if m.counts && m.timeline == s.timeline && m.reached[LevelRemoteFlush] != 0 && s.rule.Priority(m.name) > 0 {
			if s.rule.Distinct {
				s.scratch = slices.DeleteFunc(s.scratch, func(o *member) bool { return strings.EqualFold(o.name, m.name) })
			}
			s.scratch = append(s.scratch, m)
		}
	}
	if s.rule.Any || len(s.scratch) <= s.rule.Number {
		return s.scratch
	}
	slices.SortStableFunc(s.scratch, func(a, b *member) int {
		return s.rule.Priority(a.name) - s.rule.Priority(b.name)
	})
	return s.scratch[:s.rule.Number]
}

// standing is a client's sync_priority and sync_state as pg_stat_replication shows them.
func (s *SyncRep) standing(m *member) (priority int, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return 0, "async"
	}
	priority = s.rule.Priority(m.name)
	switch {
	case priority == 0:
		return 0, "async"
	case slices.Contains(s.chosen(), m) && s.rule.Any:
		return priority, "quorum"
	case slices.Contains(s.chosen(), m):
		return priority, "sync"
	default:
		return priority, "potential"
	}
}
