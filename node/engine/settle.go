package engine

import (
	"context"

	"github.com/redoubt-wal/redoubt/wal"
)

// Settle waits for the writes under way and returns the end of the log between two writes: no
// transaction is open there. The log up to it is durable on return.
func (e *Engine) Settle(ctx context.Context) (wal.LSN, error) {
	if err := e.gate.LockContext(ctx); err != nil {
		return 0, err
	}
	err := e.mayWrite()
	end := e.log.InsertLSN()
	e.gate.Unlock()
	if err != nil {
		return 0, err
	}
	return end, e.logError(e.log.Flush(end))
}
