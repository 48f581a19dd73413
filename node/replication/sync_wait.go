package replication

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

type waiter struct {
	lsn  wal.LSN
	err  error
	done chan struct{}
}

// Wait returns nil when the log up to lsn, which is durable here, is as safe on standbys as level
// and the rule demand. When ctx ends first it returns an error that wraps ErrWaitCancelled and the
// cause, or ErrWaitEnded if that is the end of the session; when the SyncRep is closed, what Close was given.
func (s *SyncRep) Wait(ctx context.Context, lsn wal.LSN, level Level) error {
	s.mu.Lock()
	if s.closed != nil {
		defer s.mu.Unlock()
		return s.closed
	}
	if level <= LevelLocal || !s.rule.Synchronous() || lsn <= s.released[level] {
		s.mu.Unlock()
		return nil
	}
	w := &waiter{lsn: lsn, done: make(chan struct{})}
	s.enqueue(level, w)
	s.mu.Unlock()

	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-w.done: // released, or closed, at the same moment: that counts
		return w.err
	default:
	}
	s.waiters[level] = slices.DeleteFunc(s.waiters[level], func(o *waiter) bool { return o == w })
	cause := context.Cause(ctx)
	if ended, ok := errors.AsType[*rmgr.Error](cause); ok && ended.Code == adminShutdown {
		return ErrWaitEnded
	}
	return fmt.Errorf("%w (%w)", ErrWaitCancelled, cause)
}

// enqueue keeps the queue ascending; a new waiter almost always belongs at its end.
func (s *SyncRep) enqueue(level Level, w *waiter) {
	q := s.waiters[level]
	at := len(q)
	for at > 0 && q[at-1].lsn > w.lsn {
		at--
	}
	s.waiters[level] = slices.Insert(q, at, w)
}

// release wakes the waiters that the rule no longer holds back.
func (s *SyncRep) release() {
	if s.closed != nil {
		return
	}
	if !s.rule.Synchronous() {
		for level := range s.waiters {
			s.wake(level, ^wal.LSN(0))
		}
		return
	}
	chosen := s.chosen()
	if len(chosen) < s.rule.Number {
		return
	}
	for level := LevelRemoteWrite; level <= LevelRemoteApply; level++ {
		s.column = s.column[:0]
		for _, m := range chosen {
			s.column = append(s.column, m.reached[level])
		}
		slices.Sort(s.column)
		// The Number-th highest; with FIRST there are exactly Number, so it is the lowest.
		if lsn := s.column[len(s.column)-s.rule.Number]; lsn > s.released[level] {
			s.released[level] = lsn
			s.wake(int(level), lsn)
		}
	}
}

func (s *SyncRep) wake(level int, upTo wal.LSN) {
	q := s.waiters[level]
	n := 0
	for n < len(q) && q[n].lsn <= upTo {
		close(q[n].done)
		n++
	}
	s.waiters[level] = slices.Delete(q, 0, n)
}
