package replication

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A LogicalHandler decodes the log for logical slots; node/decoding has it. Both methods may be called
// concurrently. Their errors are *rmgr.Error where the client is to blame.
type LogicalHandler interface {
	// CheckPlugin refuses an output plugin that is not there.
	CheckPlugin(name string) error

	// Settle waits until no transaction is under way and returns the end of the log there: from it on
	// every transaction is whole. The log before it is durable on return.
	Settle(ctx context.Context) (wal.LSN, error)

	// Open begins to decode for a slot what commits at from or later.
	Open(slot replslot.Slot, from wal.LSN, options []Option) (Changes, error)
}

// Changes are what is decoded for one stream. Only Restart may be called by a second goroutine.
type Changes interface {
	// Read decodes the next records and hands what they give to send, in order. more is false when the
	// durable end of the log is reached for now.
	Read(send func(lsn wal.LSN, data []byte) error) (more bool, err error)

	// Step decodes one record and hands what it gives to row, with the place and the transaction that
	// pg_logical_slot_get_changes shows. It is not mixed with Read.
	Step(row func(lsn wal.LSN, xid uint32, data []byte) error) (more bool, err error)

	// Position is up to where everything was decoded: a record's end.
	Position() wal.LSN

	// Restart is the oldest log that decoding needs once a client has confirmed up to an LSN.
	Restart(confirmed wal.LSN) wal.LSN

	Close() error
}

// createLogicalSlot answers CREATE_REPLICATION_SLOT … LOGICAL.
func (ss *session) createLogicalSlot(ctx context.Context, cmd *CreateSlot) error {
	if err := checkLogicalOptions(cmd.Options); err != nil {
		return err
	}
	consistent, err := ss.server.CreateLogicalSlot(ctx, ss.conn.PID(), cmd.Name, cmd.Plugin, cmd.Temporary)
	if err != nil {
		return err
	}
	SendRows(ss.conn, []Column{Text("slot_name"), Text("consistent_point"), Text("snapshot_name"), Text("output_plugin")},
		[]any{cmd.Name, consistent, nil, cmd.Plugin})
	Complete(ss.conn, "CREATE_REPLICATION_SLOT")
	return nil
}

// checkLogicalOptions refuses what there is not: snapshots, since rows have no versions, and
// two-phase commit. A client that says nothing of a snapshot gets none.
func checkLogicalOptions(options []Option) error {
	seen := map[string]bool{}
	for _, o := range options {
		if seen[o.Name] || o.Name == "reserve_wal" {
			return &rmgr.Error{Code: "42601", Message: "conflicting or redundant options"}
		}
		seen[o.Name] = true
		switch o.Name {
		case "snapshot":
			switch o.Value {
			case "nothing", "export":
			case "use":
				return &rmgr.Error{Code: "0A000", Message: "CREATE_REPLICATION_SLOT ... (SNAPSHOT 'use') is not supported", Detail: "There are no snapshots here."}
			default:
				return &rmgr.Error{Code: "42601", Message: fmt.Sprintf("unrecognized value for CREATE_REPLICATION_SLOT option \"snapshot\": \"%s\"", o.Value)}
			}
		case "two_phase":
			if on, err := o.Bool(); err != nil {
				return err
			} else if on {
				return &rmgr.Error{Code: "0A000", Message: "two-phase decoding is not supported", Detail: "There are no prepared transactions here."}
			}
		default:
			return &rmgr.Error{Code: "XX000", Message: "unrecognized option: " + o.Name}
		}
	}
	return nil
}

// A changeSender is one logical stream of a session.
type changeSender struct {
	*sender
	changes Changes
	queued  int     // bytes since the last flush
	hinted  wal.LSN // up to where a message or keepalive has told the client
}

// streamChanges answers START_REPLICATION … LOGICAL.
func (ss *session) streamChanges(ctx context.Context, cmd *StartReplication) error {
	o := &ss.server.opts
	drain, err := ss.server.beginStream()
	if err != nil {
		return err
	}
	defer ss.server.streams.Done()

	session := ctx
	ctx, cancel := context.WithCancelCause(session)
	defer cancel(nil)
	slot, release, err := ss.takeSlot(ctx, cmd.Slot, true, cancel)
	if err != nil {
		return err
	}
	defer release()
	from := max(cmd.From, slot.ConfirmedFlush) // an older start is moved up silently
	changes, err := o.Logical.Open(slot, from, cmd.Options)
	if err != nil {
		return err
	}
	defer changes.Close()

	s := &changeSender{sender: ss.newSender(cmd.Slot, from), changes: changes}
	history, _ := o.Log.Position()
	s.timeline = history.Timeline()
	unsaved := make(chan struct{}, 1)
	s.confirm = func(flushed wal.LSN) {
		o.Slots.Confirm(cmd.Slot, flushed, changes.Restart(flushed))
		wake(unsaved)
	}
	saving := make(chan struct{})
	go func() { defer close(saving); ss.saveConfirmed(ctx, unsaved) }()
	defer func() {
		cancel(nil)
		<-saving
		if session.Err() == nil { // else the data directory may be another's already
			ss.saveSlots()
		}
	}()

	s.conn.Send(&pgproto3.CopyBothResponse{})
	if err := s.flush(); err != nil {
		return err
	}
	s.begin(nil)
	defer s.end()
	if err := s.converse(func() (bool, error) { return s.run(ctx, drain) }); err != nil {
		return err
	}
	Complete(ss.conn, "COPY 0")
	Complete(ss.conn, "START_REPLICATION")
	return nil
}

// saveEvery is how often what a logical client confirms is made durable. A crash repeats what was
// confirmed after the last time; a stream that ends otherwise leaves nothing unsaved.
const saveEvery = time.Second

// saveConfirmed saves the slots now and then while there is something new, until ctx ends.
func (ss *session) saveConfirmed(ctx context.Context, unsaved <-chan struct{}) {
	for {
		select {
		case <-unsaved:
			ss.saveSlots()
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(saveEvery):
		case <-ctx.Done():
			return
		}
	}
}

func (ss *session) saveSlots() {
	if err := ss.server.opts.Slots.Save(); err != nil {
		ss.log.Error("could not save replication slots", "error", err)
	}
}

// run sends until the stream ends. stopped reports whether listen has ended.
func (s *changeSender) run(ctx context.Context, drain <-chan struct{}) (stopped bool, err error) {
	for {
		changed := s.log.Changed()
		more, err := s.changes.Read(s.send)
		if flushErr := s.flush(); err == nil { // what came before an error is good
			err = flushErr
		}
		if err != nil {
			return false, err
		}
		s.queued = 0
		s.advance(more, draining(drain))
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
		if !more && s.hinted < s.sent { // so that the slot moves over log that has nothing for the client
			s.hinted = s.sent
			if err := s.sendKeepalive(false); err != nil {
				return false, err
			}
		}
		var ready <-chan struct{}
		if more {
			ready = always // look at what came, but do not wait for it
		}
		stopping := drain
		if draining(drain) {
			stopping = nil
		}
		select {
		case <-s.answer:
			err = s.sendKeepalive(false)
		case err = <-s.finished:
			return true, s.farewell(false, err)
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-ready:
		case <-changed:
		case <-stopping:
		case <-s.replied:
		case <-s.idle.C:
		}
		if err != nil {
			return false, err
		}
	}
}

// always is a channel that never blocks.
var always = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// send queues one message. lsn is 0 for one that others at the same position follow.
func (s *changeSender) send(lsn wal.LSN, data []byte) error {
	header := make([]byte, dataHeader)
	putDataHeader(header, lsn, lsn, s.server.opts.Now())
	s.conn.SendCopyData(header, data)
	s.hinted = max(s.hinted, lsn)
	if s.queued += dataHeader + len(data); s.queued < maxChunk {
		return nil
	}
	s.queued = 0
	return s.flush()
}

// advance notes how far the stream is.
func (s *changeSender) advance(more, stopping bool) {
	s.sent = max(s.sent, s.changes.Position())
	s.noteLag(s.sent)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replica.Sent = s.sent
	switch {
	case stopping:
		s.replica.State = StateStopping
	case !more:
		s.replica.State = StateStreaming
	}
}
