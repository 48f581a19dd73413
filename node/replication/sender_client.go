package replication

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// listen takes the client's messages until it ends its side of the stream (nil) or leaves.
func (s *sender) listen() error {
	for {
		m, err := s.conn.Receive()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.CopyData:
			if err := s.take(m.Data); err != nil {
				return err
			}
		case *pgproto3.CopyDone:
			return nil
		case *pgproto3.Terminate:
			return errLeft
		case *pgproto3.CopyFail:
			return &rmgr.Error{Code: "57014", Message: "the client ended the stream: " + m.Message}
		case *pgproto3.Flush, *pgproto3.Sync:
		default:
			kind := strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")
			return garbled{&rmgr.Error{Code: "08P01", Message: fmt.Sprintf("invalid standby message type %q", kind)}}
		}
	}
}

// garbled is the error of a client that no longer knows, or is no longer known, where in the conversation it is.
type garbled struct{ error }

func (g garbled) Unwrap() error { return g.error }

// take handles one message of the client.
func (s *sender) take(data []byte) error {
	r, _, err := parseClient(data)
	if err != nil {
		return &rmgr.Error{Code: "08P01", Message: err.Error()}
	}
	now := s.server.opts.Now()
	s.mu.Lock()
	s.heard = now
	s.told++
	if r != nil {
		s.written, s.flushed, s.applied = r.write, r.flush, r.apply
		s.replica.Write, s.replica.Flush, s.replica.Apply, s.replica.ReplyTime = r.write, r.flush, r.apply, r.time
		s.lag.replied(&s.replica.Lag, *r, s.replica.Sent, now)
		if s.member != nil {
			s.server.opts.Sync.update(s.member, s.timeline, s.counts, r.write, r.flush, r.apply)
		}
	}
	s.mu.Unlock()
	if r != nil && s.confirm != nil && r.flush != 0 {
		s.confirm(r.flush)
	}
	if r != nil && r.reply {
		wake(s.answer)
	}
	wake(s.replied)
	return nil
}

func (s *sender) streaming() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replica.State == StateStreaming
}

// progress notes what was sent and whether the stream counts for commits.
func (s *sender) progress(state State, current bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replica.Sent = s.sent
	counts := current && state != StateCatchup && !s.log.InRecovery()
	if state != s.replica.State || counts != s.counts {
		s.replica.State, s.counts = state, counts
		s.server.opts.Sync.update(s.member, s.timeline, s.counts, s.written, s.flushed, s.applied)
	}
}

// confirmed reports whether the client has all that was sent. One that never flushes is taken by
// what it has written.
func (s *sender) confirmed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flushed == 0 {
		return s.written >= s.sent
	}
	return s.flushed >= s.sent
}

// keepAlive asks a client that has been silent for half the timeout for a reply, gives up one that
// was silent for all of it, and sets the timer for the next look. now asks at once.
func (s *sender) keepAlive(now bool) error {
	s.mu.Lock()
	heard, told := s.heard, s.told
	s.mu.Unlock()
	timeout := s.server.opts.Timeout()
	silent := s.server.opts.Now().Sub(heard)
	if timeout > 0 && silent >= timeout {
		s.session.log.Info("terminating walsender process due to replication timeout", "duration", silent)
		return errLeft
	}
	if s.pinged != told && (now || timeout > 0 && silent >= timeout/2) {
		s.pinged = told
		if err := s.sendKeepalive(true); err != nil {
			return err
		}
	}
	switch {
	case timeout <= 0:
		s.idle.Stop()
	case silent >= timeout/2:
		s.idle.Reset(timeout - silent)
	default:
		s.idle.Reset(timeout/2 - silent)
	}
	return nil
}

func (s *sender) sendKeepalive(reply bool) error {
	k := keepalive{end: s.sent, time: s.server.opts.Now(), reply: reply}
	s.conn.SendCopyData(k.append(nil))
	return s.flush()
}

// wake leaves a note in a channel of capacity 1.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
