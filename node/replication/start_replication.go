package replication

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

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
func (ss *session) takeSlot(ctx context.Context, name string, logical bool, cancel context.CancelCauseFunc) (slot replslot.Slot, release func(), err error) {
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
			cancel(replslot.ErrInvalidated(name))
		case <-ctx.Done():
		}
	}()
	return slot, func() { slots.Release(name) }, nil
}
