package signal

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// manager is the signal_rmgr resource manager.
type manager struct{}

func (manager) Name() string { return "signal_rmgr" }

func (manager) Identify(info uint8) string {
	if info&0xF0 == opSignal {
		return "XLOG_SIGNAL_RMGR"
	}
	return ""
}

// Redo asks the replaying node to signal itself. The message is PostgreSQL's, word for word.
func (manager) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	if rec.Op() != opSignal {
		return fmt.Errorf("signal_rmgr has no operation %02X", rec.Op())
	}
	if err := rmgr.CheckFormat(ctx, rec, formats); err != nil {
		return err
	}
	m, err := parse(rec.Main)
	if err != nil {
		return err
	}
	if err := allowed(m); err != nil {
		return err
	}
	if !ctx.Replaying() {
		return nil
	}
	ctx.Log().Info(fmt.Sprintf("signal_rmgr_redo: signal %d, reason %s", m.signal, m.reason))
	return ctx.Signal(m.signal, m.reason)
}
