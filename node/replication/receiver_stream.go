package replication

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/wal"
)

// maxPending is how much log is taken from the socket while the disk is busy with what came before.
const maxPending = 8 << 20

// errEndOfTimeline says that all log of the timeline has come.
var errEndOfTimeline = errors.New("end of timeline")

// stream streams from the plan's start on. It returns nil when the timeline has ended on the upstream:
// there is another to negotiate. came: it brought some log. slow is stopped while log may come and runs
// while an answer must: when it fires ctx ends.
func (r *Receiver) stream(ctx context.Context, c *Client, p plan, slow *time.Timer) (came bool, err error) {
	command := fmt.Sprintf("START_REPLICATION %s TIMELINE %d", p.from, p.timeline)
	if r.opts.Slot != "" {
		command = fmt.Sprintf(`START_REPLICATION SLOT "%s" %s TIMELINE %d`, r.opts.Slot, p.from, p.timeline)
	}
	if err := c.Send(command); err != nil {
		return false, err
	}
	m, err := c.Receive()
	if err != nil {
		return false, fmt.Errorf("start streaming at %s on timeline %d: %w", p.from, p.timeline, err)
	}
	switch m.(type) {
	case *pgproto3.CopyBothResponse:
	case *pgproto3.RowDescription: // nothing to stream: the timeline has ended where we are
		return false, fmt.Errorf("timeline %d has no log from %s on", p.timeline, p.from)
	default:
		return false, fmt.Errorf("start streaming: unexpected message %T", m)
	}
	slow.Stop()
	r.opts.Logger.Info("streaming begins", "upstream", r.opts.Upstream.Addr, "lsn", p.from, "timeline", p.timeline)
	in := &inbox{next: p.from, heard: r.opts.Now(), told: 1, came: make(chan struct{}, 1), room: make(chan struct{}, 1)}
	r.change(func(s *ReceiverStatus) { s.Streaming, s.Err, s.LastMessage = true, nil, in.heard })

	readerCtx, stopReading := context.WithCancel(ctx)
	read := make(chan struct{})
	go func() {
		defer close(read)
		in.read(readerCtx, c, r.opts.Now)
	}()
	s := &receiving{Receiver: r, conn: c, in: in, timeline: p.timeline}
	err = s.run(ctx)
	stopReading()
	if errors.Is(err, errEndOfTimeline) {
		slow.Reset(r.patience())
		<-read
		return in.next > p.from, s.finish()
	}
	c.Close()
	<-read
	return in.next > p.from, err
}

// receiving is one stream's writing side.
type receiving struct {
	*Receiver
	conn     *Client
	in       *inbox
	timeline wal.TimelineID

	spare   []byte // what pending is swapped with
	out     []byte // the answer being written
	last    reply  // the last answer
	sent    time.Time
	pinged  int // what told was when we asked for a sign of life last
	written wal.LSN
}

// run writes, flushes and answers until the stream ends.
func (s *receiving) run(ctx context.Context) error {
	s.written = s.opts.Log.End()
	if err := s.answer(false); err != nil {
		return err
	}
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for {
		applied := s.opts.Log.AppliedChanged()
		if s.caughtUp() {
			if err := s.answer(false); err != nil {
				return err
			}
		}
		next, err := s.tick()
		if err != nil {
			return err
		}
		timer.Reset(next)
		select {
		case <-s.in.came:
			if err := s.receive(); err != nil {
				return err
			}
		case <-applied:
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// receive takes all that has come: one write, one flush, one answer.
func (s *receiving) receive() error {
	in := s.in
	in.mu.Lock()
	data, end := in.pending, in.next
	in.pending, s.spare = s.spare[:0], data
	ask, failed := in.ask, in.err
	in.ask = false
	heard, upstreamEnd := in.heard, in.end
	in.mu.Unlock()
	wake(in.room)

	s.mu.Lock()
	s.status.LastMessage, s.status.UpstreamEnd = heard, upstreamEnd
	s.mu.Unlock()

	if len(data) > 0 {
		start := end - wal.LSN(len(data))
		if err := s.opts.Log.Receive(start, s.timeline, data); err != nil {
			return fmt.Errorf("write received log: %w", err)
		}
		s.written = end
		if s.opts.AnswerWrites {
			if err := s.answer(false); err != nil {
				return errors.Join(err, s.flush())
			}
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
	if failed != nil && !errors.Is(failed, errEndOfTimeline) {
		return failed
	}
	if len(data) > 0 || ask {
		if err := s.answer(false); err != nil {
			return err
		}
	}
	return failed
}

func (s *receiving) flush() error {
	if _, err := s.opts.Log.FlushReceived(); err != nil {
		return fmt.Errorf("flush received log: %w", err)
	}
	return nil
}

// applyReport is how often an answer tells of progress in replay that has not caught up yet.
const applyReport = 100 * time.Millisecond

// caughtUp reports whether replay has progressed so that it is worth an answer: it has come to the
// end of what is here, or the last answer is a while ago.
func (s *receiving) caughtUp() bool {
	applied := s.opts.Log.Applied()
	return applied != s.last.apply && (applied >= s.last.flush || s.opts.Now().Sub(s.sent) >= applyReport)
}

// quiet is when to look again if nothing is going to be due.
const quiet = time.Hour

// tick sends what is due and says when to look again.
func (s *receiving) tick() (next time.Duration, err error) {
	s.in.mu.Lock()
	heard, told := s.in.heard, s.in.told
	s.in.mu.Unlock()
	now := s.opts.Now()
	silent, timeout := now.Sub(heard), s.opts.Timeout
	if timeout > 0 && silent >= timeout {
		return 0, fmt.Errorf("nothing came from the upstream for %s", silent)
	}
	if timeout > 0 && silent >= timeout/2 && s.pinged != told {
		s.pinged = told
		if err := s.answer(true); err != nil {
			return 0, err
		}
	}
	interval := s.opts.StatusInterval
	if interval > 0 && now.Sub(s.sent) >= interval {
		if err := s.answer(false); err != nil {
			return 0, err
		}
	}
	next = quiet
	if interval > 0 {
		next = interval - now.Sub(s.sent)
	}
	if s.opts.Log.Applied() != s.last.apply { // a commit may wait for it
		next = min(next, applyReport-now.Sub(s.sent))
	}
	switch {
	case timeout <= 0:
	case silent < timeout/2:
		next = min(next, timeout/2-silent)
	default:
		next = min(next, timeout-silent)
	}
	return max(next, time.Millisecond), nil
}

// answer tells the upstream how far we are.
func (s *receiving) answer(ask bool) error {
	log, now := s.opts.Log, s.opts.Now()
	s.last = reply{write: s.written, flush: log.Flushed(), apply: log.Applied(), time: now, reply: ask}
	s.sent = now
	return s.write(&pgproto3.CopyData{Data: s.last.append(nil)})
}

// write sends a message past the Frontend, whose other side the reading goroutine uses.
func (s *receiving) write(m pgproto3.FrontendMessage) (err error) {
	if s.out, err = m.Encode(s.out[:0]); err != nil {
		return err
	}
	if s.opts.Timeout > 0 {
		s.conn.conn.SetWriteDeadline(s.opts.Now().Add(s.opts.Timeout))
	}
	if _, err := s.conn.conn.Write(s.out); err != nil {
		return fmt.Errorf("answer upstream: %w", err)
	}
	return nil
}

// finish ends our side of a stream whose timeline has ended, and reads what follows.
func (s *receiving) finish() error {
	s.change(func(st *ReceiverStatus) { st.Streaming = false })
	if err := s.write(&pgproto3.CopyDone{}); err != nil {
		return err
	}
	for {
		m, err := s.conn.Receive()
		if err != nil {
			return err
		}
		switch m.(type) {
		case *pgproto3.ReadyForQuery:
			return nil
		case *pgproto3.RowDescription, *pgproto3.DataRow, *pgproto3.CommandComplete, *pgproto3.NoticeResponse:
		default:
			return fmt.Errorf("unexpected message %T at the end of a timeline", m)
		}
	}
}
