package engine

import (
	"context"
	"errors"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
)

// Close ends with a shutdown checkpoint (primary) or a restartpoint (standby) and gives the directory
// back. If ctx ends first, or the engine has failed, it ends as Abort does, with the error.
func (e *Engine) Close(ctx context.Context) error {
	if err := e.roles.LockContext(ctx); err != nil {
		e.Abort()
		return err
	}
	defer e.roles.Unlock()
	if e.closed.Load() {
		return nil
	}
	if err := e.gate.LockContext(ctx); err != nil {
		e.Abort()
		return err
	}
	defer e.gate.Unlock()
	if err := e.lockCheckpoints(ctx); err != nil {
		e.Abort()
		return err
	}
	defer e.checkpoints.Unlock()
	err := e.shutDown(ctx)
	e.end()
	return err
}

// shutDown brings the directory into a state from which the next start has little to replay. The
// caller keeps writes and checkpoints out.
func (e *Engine) shutDown(ctx context.Context) error {
	if err := e.Err(); err != nil {
		return err
	}
	if !e.InRecovery() {
		return e.shutdownCheckpoint(controlfile.ShutDown)
	}
	e.stopReplay()
	state := controlfile.ShutDownInRecovery
	if e.replay.rests() { // its last checkpoint was a shutdown's, and still is
		state = controlfile.ShutDown
	}
	return errors.Join(e.restartpoint(ctx, checkpoint.AtShutdown), e.updateControl(func(f *controlfile.File) { f.State = state }))
}

// Abort stops at once and writes nothing more; the next Open recovers.
func (e *Engine) Abort() { e.end() }

func (e *Engine) end() {
	if !e.closed.Swap(true) {
		if e.Err() != nil {
			<-e.Failed() // the mark may be on its way to the disk
		}
		e.release()
		e.replay.changed.signal()
	}
}
