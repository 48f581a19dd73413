package engine

import (
	"fmt"
	"log/slog"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Block is rmgr.RedoContext.
func (w *writer) Block(_ *wal.Record, id uint8) ([]byte, rmgr.RedoAction, error) {
	if int(id) >= len(w.pages) {
		return nil, 0, fmt.Errorf("the record has no block reference %d", id)
	}
	return w.pages[id].Page(), rmgr.NeedsRedo, nil
}

// Keep is rmgr.RedoContext.
func (w *writer) Keep(b []byte) { w.before.Keep(b) }

// Format is rmgr.RedoContext.
func (w *writer) Format() rmgr.Format { return w.format }

// Replaying is rmgr.RedoContext.
func (w *writer) Replaying() bool { return false }

// Signal is rmgr.RedoContext: who writes a record does not act on it.
func (w *writer) Signal(int, string) error { return nil }

// Log is rmgr.RedoContext.
func (w *writer) Log() *slog.Logger { return w.e.o.Log }

var _ rmgr.RedoContext = (*writer)(nil)
