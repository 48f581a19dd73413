package replication

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// SlotChanges say what ReadSlotChanges reads.
type SlotChanges struct {
	Slot    string
	UpTo    wal.LSN // reading ends behind the record that reaches it; 0: the flushed end of the log
	Rows    int     // likewise behind the record that gives so many rows; 0: no limit
	Options []Option
	Peek    bool // the slot stays where it is
}

// A ChangeRow is one row of pg_logical_slot_get_changes.
type ChangeRow struct {
	LSN  wal.LSN
	Xid  uint32 // 0: outside any transaction
	Data []byte
}

// ReadSlotChanges decodes what a slot has not given yet, for session pid. When it returns nil the slot
// has moved behind it, durably, unless it peeks; after an error, one of row's as well, all of it will
// be given again.
func (s *Server) ReadSlotChanges(ctx context.Context, pid int32, c SlotChanges, row func(ChangeRow) error) error {
	if err := s.mayDecode(); err != nil {
		return err
	}
	slot, lost, err := s.opts.Slots.Acquire(c.Slot, pid)
	if err != nil {
		return err
	}
	defer s.opts.Slots.Release(c.Slot)
	changes, err := s.openSlot(slot, c.Options)
	if err != nil {
		return err
	}
	defer changes.Close()
	_, end := s.opts.Log.Position()
	if c.UpTo != 0 {
		end = min(end, c.UpTo)
	}
	rows := 0
	w := walk{ctx: ctx, lost: lost, slot: c.Slot, end: end, enough: func() bool { return c.Rows > 0 && rows >= c.Rows }}
	err = w.run(changes, func(lsn wal.LSN, xid uint32, data []byte) error {
		rows++
		return row(ChangeRow{lsn, xid, data})
	})
	if err != nil || c.Peek {
		return err
	}
	return s.confirm(c.Slot, changes)
}

// openSlot begins to decode where a slot's client has got to.
func (s *Server) openSlot(slot replslot.Slot, options []Option) (Changes, error) {
	if !slot.Logical {
		return nil, &rmgr.Error{Code: "55000", Message: "cannot use physical replication slot for logical decoding"}
	}
	return s.opts.Logical.Open(slot, slot.ConfirmedFlush, options)
}

// confirm moves a slot to where decoding has got, durably.
func (s *Server) confirm(slot string, changes Changes) error {
	at := changes.Position()
	s.opts.Slots.Confirm(slot, at, changes.Restart(at))
	return s.opts.Slots.Save()
}

// A walk decodes record by record to an end that is known when it begins.
type walk struct {
	ctx    context.Context
	lost   <-chan struct{}
	slot   string
	end    wal.LSN
	enough func() bool
}

func (w walk) run(changes Changes, row func(lsn wal.LSN, xid uint32, data []byte) error) error {
	for changes.Position() < w.end && !w.enough() {
		more, err := changes.Step(row)
		if err != nil || !more {
			return err
		}
		select {
		case <-w.lost:
			return replslot.ErrInvalidated(w.slot)
		case <-w.ctx.Done():
			return context.Cause(w.ctx)
		default:
		}
	}
	return nil
}
