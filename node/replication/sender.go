package replication

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A sender is one stream of a session, of log or, in a changeSender, of what was decoded from it. Its
// goroutine sends; a second one, listen, takes what the client says, so that a confirmation releases
// commits while a chunk is being written.
type sender struct {
	*session
	log      Log
	segSize  uint64
	timeline wal.TimelineID // what the client asked for
	slot     string
	confirm  func(flushed wal.LSN) // tells the slot what the client has; nil without one

	sent wal.LSN // next byte to send; of the sending goroutine
	buf  []byte
	idle *time.Timer

	replied  chan struct{} // capacity 1: the client has said something
	answer   chan struct{} // capacity 1: the client wants a keepalive
	finished chan error    // capacity 1: listen has ended; nil: with the client's CopyDone

	pinged int // what told was when a keepalive that asks for a reply went out last

	// Of session.mu.
	heard   time.Time // when the client said something last
	told    int       // how often it did, from 1 on
	flushed wal.LSN
	written wal.LSN
	applied wal.LSN
	counts  bool // for commits
	lag     lagTracker
}

func (ss *session) newSender(slot string, from wal.LSN) *sender {
	o := &ss.server.opts
	return &sender{
		session: ss, log: o.Log, segSize: o.SegmentSize, slot: slot, sent: from,
		replied: make(chan struct{}, 1), answer: make(chan struct{}, 1), finished: make(chan error, 1),
	}
}

// unacknowledged is after how long a standby counts as gone whose machine acknowledges nothing: until then its
// stream looks alive and holds its slot. One that is only slow connects again.
const unacknowledged = 15 * time.Second

// copy is the stream itself, from the CopyBothResponse to both sides' CopyDone. It returns nil when
// the session goes on with the next command.
func (s *sender) copy(ctx context.Context, drain <-chan struct{}) (err error) {
	s.conn.Send(&pgproto3.CopyBothResponse{})
	if err := s.flush(); err != nil {
		return err
	}
	if _, end := s.log.Position(); s.sent > end {
		return &rmgr.Error{
			Code:    "XX000",
			Message: fmt.Sprintf("requested starting point %s is ahead of the WAL flush position of this server %s", s.sent, end),
		}
	}
	if err := s.conn.SetUnacknowledged(unacknowledged); err != nil {
		return fmt.Errorf("watch the connection to the standby: %w", err)
	}
	defer s.conn.SetUnacknowledged(0)
	s.begin(s.server.opts.Sync.join(s.conn.ApplicationName()))
	defer s.end()
	return s.converse(func() (stopped bool, err error) { return s.run(ctx, drain) })
}

// converse runs the sending side while listen takes what the client says.
func (s *sender) converse(run func() (stopped bool, err error)) error {
	s.idle = time.NewTimer(time.Hour)
	defer s.idle.Stop()

	go func() { s.finished <- s.listen() }()
	stopped, err := run()
	if !stopped {
		s.conn.SetReadDeadline(longAgo)
		<-s.finished
		s.conn.SetReadDeadline(time.Time{})
	}
	return err
}

// begin makes the stream visible, to commits as well if it is a member.
func (s *sender) begin(m *member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.member = m
	s.heard, s.told = s.server.opts.Now(), 1
	r := &s.replica
	r.State, r.Timeline, r.Slot, r.Sent = StateCatchup, s.timeline, s.slot, s.sent
	r.Write, r.Flush, r.Apply, r.Lag = 0, 0, 0, noLag
}

func (s *sender) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.member != nil {
		s.server.opts.Sync.leave(s.member)
		s.member = nil
	}
	s.replica.State, s.replica.Timeline, s.replica.Slot, s.replica.Lag = StateStartup, 0, "", noLag
}

// run sends until the stream ends. stopped reports whether listen has ended.
func (s *sender) run(ctx context.Context, drain <-chan struct{}) (stopped bool, err error) {
	done := false // we have sent CopyDone
	for {
		changed := s.log.Changed()
		more, last := false, false
		if !done {
			if more, last, err = s.sendSome(draining(drain)); err != nil {
				return false, err
			}
			if last {
				s.conn.Send(&pgproto3.CopyDone{})
				done = true
				if err := s.flush(); err != nil {
					return false, err
				}
			}
		}
		if !more && draining(drain) && s.confirmed() {
			Complete(s.conn, "COPY 0")
			if err := s.flush(); err != nil {
				return false, err
			}
			return false, errLeft // the connection ends here, without CopyDone
		}
		if err := s.keepAlive(!more && draining(drain)); err != nil {
			return false, err
		}
		if more { // look at what came, but do not wait for it
			select {
			case <-s.answer:
				err = s.sendKeepalive(false)
			case err = <-s.finished:
				return true, s.farewell(done, err)
			case <-ctx.Done():
				err = context.Cause(ctx)
			default:
			}
			if err != nil {
				return false, err
			}
			continue
		}
		if done {
			changed = nil
		}
		stopping := drain
		if draining(drain) {
			stopping = nil
		}
		select {
		case <-changed:
		case <-stopping:
		case <-s.replied:
		case <-s.answer:
			err = s.sendKeepalive(false)
		case <-s.idle.C:
		case err = <-s.finished:
			return true, s.farewell(done, err)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err != nil {
			return false, err
		}
	}
}

func draining(drain <-chan struct{}) bool {
	select {
	case <-drain:
		return true
	default:
		return false
	}
}

// farewell answers the client's CopyDone, unless ours came first.
func (s *sender) farewell(done bool, err error) error {
	if err == nil && !done {
		s.conn.Send(&pgproto3.CopyDone{})
		err = s.flush()
	}
	return err
}

// flush writes what is queued. A client that takes nothing for the whole timeout is gone. The deadline
// is for this write only: a client may rest between two commands.
func (s *sender) flush() error {
	if timeout := s.server.opts.Timeout(); timeout > 0 {
		s.conn.SetWriteDeadline(s.server.opts.Now().Add(timeout))
		defer s.conn.SetWriteDeadline(time.Time{})
	}
	if s.ctx.Err() != nil { // looked at last: hurry's deadline must not be replaced by a later one
		return context.Cause(s.ctx)
	}
	if err := s.conn.Flush(); err != nil {
		return fmt.Errorf("send to standby: %w", err)
	}
	return nil
}
