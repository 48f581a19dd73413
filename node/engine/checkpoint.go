package engine

import (
	"context"
	"errors"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// Checkpoint makes a checkpoint (in recovery: a restartpoint) at once and returns when it is durable.
func (e *Engine) Checkpoint(ctx context.Context) error {
	if err := e.lockCheckpoints(ctx); err != nil {
		return err
	}
	defer e.checkpoints.Unlock()
	return e.checkpoint(ctx, checkpoint.Requested)
}

// lockCheckpoints takes the latch; a checkpoint that is under way does not rest any more.
func (e *Engine) lockCheckpoints(ctx context.Context) error {
	defer e.haste.Begin()()
	return e.checkpoints.LockContext(ctx)
}

// checkpoint is Checkpoint for who holds its latch.
func (e *Engine) checkpoint(ctx context.Context, cause checkpoint.Cause) error {
	switch {
	case e.Err() != nil:
		return e.Err()
	case e.closed.Load():
		return errClosed
	case e.InRecovery():
		return e.restartpoint(ctx, cause)
	}
	return e.onlineCheckpoint(ctx, cause)
}

// checkpointIfDue is called when much was written or time has passed.
func (e *Engine) checkpointIfDue(ctx context.Context, cause checkpoint.Cause) error {
	if err := e.checkpoints.LockContext(ctx); err != nil {
		return nil
	}
	defer e.checkpoints.Unlock()
	switch {
	case cause == checkpoint.ByLog && !e.isDue(e.log.RedoPointer(), e.logPosition()):
		return nil // another came first
	case !e.InRecovery() && e.log.LastRecord() == e.control.get().CheckPoint:
		return e.recycleAgain() // nothing since the last one
	}
	err := e.checkpoint(ctx, cause)
	if err != nil && ctx.Err() == nil && e.Err() == nil {
		e.o.Log.Warn("checkpoint failed and will be tried again", "reason", err)
	}
	return err
}

// isDue reports whether log up to end is far enough from the redo point for a checkpoint.
func (e *Engine) isDue(redo, end wal.LSN) bool {
	return end > redo && end-redo >= checkpoint.Distance(e.o.MaxWALSize, e.o.CheckpointTarget)
}

// dueAfter nudges the checkpointer if a checkpoint is due.
func (e *Engine) dueAfter(redo, end wal.LSN) {
	if e.isDue(redo, end) {
		e.wantCheckpoint(checkpoint.ByLog)
	}
}

// wantCheckpoint nudges the checkpointer, if it is not nudged already.
func (e *Engine) wantCheckpoint(cause checkpoint.Cause) {
	select {
	case e.nudge <- cause:
	default:
	}
}

// onlineCheckpoint makes a checkpoint while writes go on.
//
//	redo point: MODULES record ─► pages dirty now are written and synced ─► CHECKPOINT_ONLINE ─► pg_control
func (e *Engine) onlineCheckpoint(ctx context.Context, cause checkpoint.Cause) error {
	run := e.startCheckpoint("checkpoint", cause)
	redo, err := e.beginCheckpoint()
	if errors.Is(err, segment.ErrNoSpace) && e.recycleAgain() == nil {
		redo, err = e.beginCheckpoint()
	}
	if err != nil {
		return e.logError(err)
	}
	if err := run.flushPages(ctx); err != nil {
		return err
	}
	point := e.checkpointAt(redo)
	point.OldestActiveXid = uint32(point.NextXid)
	var b wal.Builder
	b.Begin(wal.RmgrXLOG, wal.XLogCheckpointOnline)
	b.AddMain(point.Append(nil))
	if err := b.Finish(); err != nil {
		return err
	}
	at, end, err := e.log.Insert(&b, 0)
	if err != nil {
		return e.logError(err)
	}
	if err := e.log.Flush(end); err != nil {
		return e.logError(err)
	}
	if err := e.finishCheckpoint(at, point, controlfile.InProduction); err != nil {
		return err
	}
	run.complete(at, redo)
	return nil
}

// beginCheckpoint moves the redo point, with the MODULES record there.
func (e *Engine) beginCheckpoint() (wal.LSN, error) {
	e.snapshots.Lock()
	defer e.snapshots.Unlock()
	snapshot := e.Modules()
	b, err := modulesRecord(snapshot)
	if err != nil {
		return 0, err
	}
	redo, err := e.log.BeginCheckpoint(b)
	if err == nil {
		e.census.InForce(e.log.Timeline(), redo, snapshot)
	}
	return redo, err
}
