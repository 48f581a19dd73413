package replication

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// CreatePhysicalSlot makes a slot for session pid, to whom a temporary one belongs. With reserve it
// holds log from the LSN that is returned on, else nothing yet: 0.
//
// If a checkpoint moves the redo point meanwhile, it may give up the log from the old one on before it
// sees the slot: then the slot begins at the new one.
func (s *Server) CreatePhysicalSlot(pid int32, name string, reserve, temporary bool) (wal.LSN, error) {
	want := replslot.Slot{Name: name, Temporary: temporary}
	if !reserve {
		return 0, s.opts.Slots.Create(want, pid)
	}
	want.RestartLSN = s.opts.Log.Redo()
	if err := s.opts.Slots.Create(want, pid); err != nil {
		return 0, err
	}
	if redo := s.opts.Log.Redo(); redo != want.RestartLSN {
		s.opts.Slots.Advance(name, redo)
		return redo, s.opts.Slots.Save()
	}
	return want.RestartLSN, nil
}

// CreateLogicalSlot makes a slot that gives what commits from the consistent point on, which it
// returns. It holds the log from the redo point on, because the formats in force stand there.
func (s *Server) CreateLogicalSlot(ctx context.Context, pid int32, name, plugin string, temporary bool) (consistent wal.LSN, err error) {
	if err := s.mayDecode(); err != nil {
		return 0, err
	}
	if err := replslot.ValidName(name); err != nil {
		return 0, err
	}
	if err := s.opts.Logical.CheckPlugin(plugin); err != nil {
		return 0, err
	}
	slots, log := s.opts.Slots, s.opts.Log
	if err := slots.Create(replslot.Slot{Name: name, Temporary: temporary, Ephemeral: !temporary, Logical: true, Plugin: plugin, RestartLSN: log.Redo()}, pid); err != nil {
		return 0, err
	}
	redo := log.Redo() // a checkpoint that did not see the slot may have moved it
	if consistent, err = s.opts.Logical.Settle(ctx); err == nil {
		slots.Confirm(name, consistent, redo)
		err = slots.Persist(name)
	}
	if err != nil {
		if dropErr := slots.Drop(name, pid, nil); dropErr != nil {
			s.opts.Logger.Error("could not drop a slot that could not be made", "slot", name, "error", dropErr)
		}
		return 0, err
	}
	return consistent, nil
}

func (s *Server) mayDecode() error {
	switch {
	case s.opts.Logical == nil:
		return &rmgr.Error{Code: "0A000", Message: "logical decoding is not available on this server"}
	case s.opts.Log.InRecovery():
		return &rmgr.Error{Code: "0A000", Message: "logical decoding cannot be used while in recovery"}
	}
	return nil
}
