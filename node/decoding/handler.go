package decoding

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Handler decodes an engine's log; it is a replication.LogicalHandler.
type Handler struct {
	Engine *engine.Engine
	Table  *rmgr.Table
}

var _ replication.LogicalHandler = Handler{}

// CheckPlugin is replication.LogicalHandler.
func (h Handler) CheckPlugin(name string) error { return CheckPlugin(name) }

// Settle is replication.LogicalHandler.
func (h Handler) Settle(ctx context.Context) (wal.LSN, error) { return h.Engine.Settle(ctx) }

// Open is replication.LogicalHandler.
func (h Handler) Open(slot replslot.Slot, from wal.LSN, options []replication.Option) (replication.Changes, error) {
	output, err := NewOutput(slot.Plugin, options)
	if err != nil {
		return nil, err
	}
	return NewDecoder(Options{
		Source:      h.Engine.Log().NewSource(h.Engine.History()),
		SegmentSize: uint64(h.Engine.SegmentSize()), SystemID: h.Engine.SystemID(), Table: h.Table,
		Slot: slot.Name, Restart: slot.RestartLSN, From: from, Output: output,
	}), nil
}
