package replication

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// maxChunk is the most log that one message carries (MAX_SEND_SIZE). Clients rely on it.
const maxChunk = 16 * wal.PageSize

// A sender is one stream of a session, of log or, in a changeSender, of what was decoded from it. Its goroutine sends; a second one, listen, takes what
// the client says, so that a confirmation releases commits while a chunk is being written.
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

// stream answers START_REPLICATION … PHYSICAL.
func (ss *session) stream(ctx context.Context, cmd *StartReplication) error {
	o := &ss.server.opts
	drain, err := ss.server.beginStream()
	if err != nil {
		return err
	}
	defer ss.server.streams.Done()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if cmd.Slot != "" {
		_, release, err := ss.takeSlot(ctx, cmd.Slot, false, cancel)
		if err != nil {
			return err
		}
		defer release()
	}
	s := ss.newSender(cmd.Slot, cmd.From)
	s.timeline = cmd.Timeline
	if cmd.Slot != "" {
		s.confirm = func(flushed wal.LSN) { o.Slots.Advance(cmd.Slot, flushed) }
	}
	history, _ := s.log.Position()
	if s.timeline == 0 {
		s.timeline = history.Timeline()
	}
	share, next, err := shareOf(history, s.timeline)
	if err != nil {
		return err
	}
	if share.End != 0 && cmd.From > share.End {
		return &rmgr.Error{
			Code:    "XX000",
			Message: fmt.Sprintf("requested starting point %s on timeline %d is not in this server's history", cmd.From, s.timeline),
			Detail:  fmt.Sprintf("This server's history forked from timeline %d at %s.", s.timeline, share.End),
		}
	}
	if share.End == 0 || cmd.From < share.End {
		if err := s.copy(ctx, drain); err != nil {
			return err
		}
		history, _ = s.log.Position()
		if share, next, err = shareOf(history, s.timeline); err != nil {
			return err
		}
	}
	if next != 0 {
		SendRows(ss.conn, []Column{Int8("next_tli"), Text("next_tli_startpos")}, []any{next, share.End})
	}
	Complete(ss.conn, "START_STREAMING")
	Complete(ss.conn, "START_REPLICATION")
	return nil
}

func (ss *session) newSender(slot string, from wal.LSN) *sender {
	o := &ss.server.opts
	return &sender{
		session: ss, log: o.Log, segSize: o.SegmentSize, slot: slot, sent: from,
		replied: make(chan struct{}, 1), answer: make(chan struct{}, 1), finished: make(chan error, 1),
	}
}

// shareOf is a timeline's share of a history and the timeline after it, 0 if it is the current one.
func shareOf(h wal.History, tli wal.TimelineID) (share wal.HistoryEntry, next wal.TimelineID, err error) {
	for i, e := range h {
		if e.Timeline != tli {
			continue
		}
		if i+1 < len(h) {
			next = h[i+1].Timeline
		}
		return e, next, nil
	}
	return share, 0, &rmgr.Error{Code: "XX000", Message: fmt.Sprintf("requested timeline %d is not in this server's history", tli)}
}

// takeSlot acquires a slot for the stream; when it is given up meanwhile the stream ends.
func (ss *session) takeSlot(ctx context.Context, name string, logical bool, cancel context.CancelCauseFunc) (slot Slot, release func(), err error) {
	slots := ss.server.opts.Slots
	slot, lost, err := slots.Acquire(name, ss.conn.PID())
	if err != nil {
		return slot, nil, err
	}
	if slot.Logical != logical {
		slots.Release(name)
		if logical {
			return slot, nil, &rmgr.Error{Code: "55000", Message: "cannot use physical replication slot for logical decoding"}
		}
		return slot, nil, &rmgr.Error{Code: "55000", Message: "cannot use a logical replication slot for physical replication"}
	}
	go func() {
		select {
		case <-lost:
			cancel(errInvalidated(name))
		case <-ctx.Done():
		}
	}()
	return slot, func() { slots.Release(name) }, nil
}

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

// sendSome sends one chunk if there is log to send. more: there is more to send at once. last: the
// timeline has ended and all of it is sent.
func (s *sender) sendSome(stopping bool) (more, last bool, err error) {
	history, end := s.log.Position()
	share, _, err := shareOf(history, s.timeline)
	if err != nil {
		return false, false, err
	}
	historic := share.End != 0
	if historic && s.sent >= share.End {
		s.progress(StateCatchup, false)
		return false, true, nil
	}
	limit := end
	if historic {
		limit = min(end, share.End)
	}
	s.noteLag(limit)
	if s.sent < limit {
		if err := s.sendChunk(history, limit, end); err != nil {
			return false, false, err
		}
	}
	state := StateCatchup
	switch {
	case stopping:
		state = StateStopping
	case s.sent >= limit || s.streaming():
		state = StateStreaming
	}
	s.progress(state, !historic)
	return s.sent < limit || historic && s.sent >= share.End, false, nil
}

// noteLag remembers when log up to lsn was there to be sent.
func (s *sender) noteLag(lsn wal.LSN) {
	now := s.server.opts.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag.note(lsn, now)
}

// sendChunk sends one message: up to the limit or a page boundary, out of one segment.
func (s *sender) sendChunk(history wal.History, limit, end wal.LSN) error {
	to := limit
	if limit-s.sent > maxChunk {
		to = wal.PageStart(s.sent + maxChunk)
	}
	segment := wal.SegmentNumber(s.sent, s.segSize)
	to = min(to, wal.SegmentStart(segment+1, s.segSize))
	file := fileOf(history, wal.SegmentStart(segment+1, s.segSize), end)

	if s.buf == nil {
		s.buf = make([]byte, dataHeader+maxChunk)
	}
	data := s.buf[dataHeader : dataHeader+int(to-s.sent)]
	for read := 0; read < len(data); {
		n, err := s.log.ReadAt(data[read:], s.sent+wal.LSN(read), file)
		if n == 0 {
			return s.readError(err, file)
		}
		read += n
	}
	putDataHeader(s.buf, s.sent, end, s.server.opts.Now())
	s.conn.SendCopyData(s.buf[:dataHeader], data)
	if err := s.flush(); err != nil {
		return err
	}
	s.sent = to
	return nil
}

// fileOf is the timeline in whose file the segment that ends at segmentEnd is: the newest of the
// history that has begun before that, and of which there is anything yet.
func fileOf(h wal.History, segmentEnd, end wal.LSN) wal.TimelineID {
	file := h[0].Timeline
	for _, e := range h[1:] {
		if e.Begin < segmentEnd && e.Begin < end {
			file = e.Timeline
		}
	}
	return file
}

func (s *sender) readError(err error, file wal.TimelineID) error {
	if errors.Is(err, segment.ErrRemoved) {
		name := wal.SegmentName(file, s.sent, s.segSize)
		return &rmgr.Error{Code: "58P01", Message: fmt.Sprintf("requested WAL segment %s has already been removed", name)}
	}
	return &rmgr.Error{Code: "58030", Message: fmt.Sprintf("could not read log at %s: %v", s.sent, err)}
}

// flush writes what is queued. A client that takes nothing for the whole timeout is gone.
func (s *sender) flush() error {
	var deadline time.Time
	if timeout := s.server.opts.Timeout(); timeout > 0 {
		deadline = s.server.opts.Now().Add(timeout)
	}
	s.conn.SetWriteDeadline(deadline)
	if err := s.conn.Flush(); err != nil {
		return fmt.Errorf("send to standby: %w", err)
	}
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
			return &rmgr.Error{Code: "08P01", Message: fmt.Sprintf("unexpected message %T in the stream", m)}
		}
	}
}

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

// wake leaves a note in a channel of capacity 1.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
