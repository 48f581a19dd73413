package replication_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal"
)

// With wal_receiver_status_interval = 0 a standby says nothing for the sake of time alone, and still what
// it is asked for and what commits wait for.
func TestAStandbyWithoutStatusIntervalAnswersWhatIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		a.timeout = 0 // it does not ask
		a.sync.SetRule(Rule{Number: 1, Members: []string{"b"}})
		r := b.follow(a, func(o *ReceiverOptions) { o.StatusInterval, o.Timeout = 0, -1 })
		a.write(1, 100)
		if err := a.sync.Wait(t.Context(), a.last, LevelRemoteApply); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		before := a.server.Replicas()[0].ReplyTime
		pass(time.Hour + time.Minute)
		if now := a.server.Replicas()[0].ReplyTime; !now.Equal(before) {
			t.Errorf("an answer came %s after the last that was needed", now.Sub(before))
		}
		a.write(1, 100)
		if err := a.sync.Wait(t.Context(), a.last, LevelRemoteApply); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		a.timeout = time.Minute // from now on it asks
		a.write(1, 100)
		pass(10 * time.Minute)
		if got := a.server.Replicas(); len(got) != 1 || time.Since(got[0].ReplyTime) > time.Minute {
			t.Errorf("it does not answer when it is asked: %+v", got)
		}
		r.Stop()
		a.conns.Wait()
	})
}

// A slowly is a machine whose replay goes where a test says.
type slowly struct {
	*machine
	mu      sync.Mutex
	applied wal.LSN
	changed chan struct{}
}

func (s *slowly) Applied() wal.LSN {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied
}

func (s *slowly) AppliedChanged() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *slowly) apply(lsn wal.LSN) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applied = lsn
	close(s.changed)
	s.changed = make(chan struct{})
}

// Replay stops right behind a commit that waits for it, before it has come to the end of what is there.
func TestACommitIsToldOfReplayThatStopsBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		a.timeout = 0
		a.sync.SetRule(Rule{Number: 1, Members: []string{"b"}})
		s := &slowly{machine: b, applied: b.FlushedLSN(), changed: make(chan struct{})}
		r := b.follow(a, func(o *ReceiverOptions) { o.Log, o.Timeout = s, -1 })
		synctest.Wait()
		a.write(1, 100)
		first := a.last
		a.write(1, 100)
		synctest.Wait()
		s.apply(first)
		done := make(chan error, 1)
		go func() { done <- a.sync.Wait(t.Context(), first, LevelRemoteApply) }()
		pass(time.Second)
		if a.sync.Waiters() != 0 {
			t.Error("the commit still waits a second after it was replayed")
			a.sync.SetRule(Rule{})
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		r.Stop()
		a.conns.Wait()
	})
}
