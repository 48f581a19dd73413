package replication

import (
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// LogOf is an engine's log for senders.
func LogOf(e *engine.Engine) Log { return engineLog{e.Log(), e} }

// ReceivedBy is an engine's log for a Receiver.
func ReceivedBy(e *engine.Engine) Received { return engineReceived{e.Log(), e} }

type engineLog struct {
	*segment.Log
	e *engine.Engine
}

// Position looks at the end first: a new timeline's history is known before anything is flushed on it,
// so an end that was flushed on it never comes with the old history.
func (l engineLog) Position() (wal.History, wal.LSN) {
	end := l.FlushedLSN()
	return l.e.History(), end
}

func (l engineLog) Redo() wal.LSN    { return l.e.Positions().Redo }
func (l engineLog) InRecovery() bool { return l.e.InRecovery() }

type engineReceived struct {
	*segment.Log
	e *engine.Engine
}

func (r engineReceived) History() wal.History            { return r.e.History() }
func (r engineReceived) End() wal.LSN                    { return r.InsertLSN() }
func (r engineReceived) Flushed() wal.LSN                { return r.FlushedLSN() }
func (r engineReceived) Applied() wal.LSN                { return r.e.Positions().Replay }
func (r engineReceived) AppliedChanged() <-chan struct{} { return r.e.ReplayChanged() }

func (r engineReceived) Begin(at wal.LSN, tli wal.TimelineID) error {
	if r.InsertLSN() == at && r.Receive(at, tli, nil) == nil {
		return nil // it would take what comes
	}
	return r.StartReceive(at, tli)
}

func (r engineReceived) Follow(tli wal.TimelineID, historyFile []byte) error {
	err := r.e.Follow(tli, historyFile)
	if errors.Is(err, engine.ErrDiverged) {
		err = fmt.Errorf("%w: %w", ErrDiverged, err)
	}
	return err
}
