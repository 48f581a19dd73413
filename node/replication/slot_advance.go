package replication

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// AdvanceSlot moves a slot to upTo, or to the end of the log if that is less, for session pid. Of a
// logical slot everything that lies between counts as given; it stops behind a whole record. It returns
// where the slot is then. Durable on return.
func (s *Server) AdvanceSlot(ctx context.Context, pid int32, name string, upTo wal.LSN) (wal.LSN, error) {
	if upTo == 0 {
		return 0, &rmgr.Error{Code: "XX000", Message: "invalid target WAL LSN"}
	}
	slot, lost, err := s.opts.Slots.Acquire(name, pid)
	if err != nil {
		return 0, err
	}
	defer s.opts.Slots.Release(name)
	least := slot.RestartLSN
	if slot.Logical {
		least = slot.ConfirmedFlush
	}
	_, end := s.opts.Log.Position()
	to := min(upTo, end)
	switch {
	case slot.RestartLSN == 0:
		return 0, &rmgr.Error{
			Code: "55000", Message: fmt.Sprintf("replication slot %q cannot be advanced", name),
			Detail: "This slot has never previously reserved WAL, or it has been invalidated.",
		}
	case to < least:
		return 0, &rmgr.Error{Code: "55000", Message: fmt.Sprintf("cannot advance replication slot to %s, minimum is %s", to, least)}
	case !slot.Logical:
		s.opts.Slots.Advance(name, to)
		return to, s.opts.Slots.Save()
	}
	return s.skipChanges(ctx, slot, lost, to)
}

// skipChanges decodes for the sake of where decoding may begin again.
func (s *Server) skipChanges(ctx context.Context, slot replslot.Slot, lost <-chan struct{}, to wal.LSN) (wal.LSN, error) {
	if err := s.mayDecode(); err != nil {
		return 0, err
	}
	changes, err := s.openSlot(slot, nil)
	if err != nil {
		return 0, err
	}
	defer changes.Close()
	w := walk{ctx: ctx, lost: lost, slot: slot.Name, end: to, enough: func() bool { return false }}
	if err := w.run(changes, func(wal.LSN, uint32, []byte) error { return nil }); err != nil {
		return 0, err
	}
	return max(changes.Position(), slot.ConfirmedFlush), s.confirm(slot.Name, changes)
}
