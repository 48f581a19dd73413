package engine

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/wal"
)

// Checkpoint makes a checkpoint (in recovery: a restartpoint) and returns when it is durable.
func (e *Engine) Checkpoint(ctx context.Context) error {
	if err := e.checkpoints.LockContext(ctx); err != nil {
		return err
	}
	defer e.checkpoints.Unlock()
	return e.checkpoint(ctx)
}

// checkpoint is Checkpoint for who holds its latch.
func (e *Engine) checkpoint(ctx context.Context) error {
	switch {
	case e.Err() != nil:
		return e.Err()
	case e.closed.Load():
		return errClosed
	case e.InRecovery():
		return e.restartpoint(ctx)
	}
	return e.onlineCheckpoint(ctx)
}

// checkpointIfDue is called when much was written or time has passed.
func (e *Engine) checkpointIfDue(ctx context.Context) error {
	c := e.control.get()
	if !e.InRecovery() && e.log.LastRecord() == c.CheckPoint {
		return nil // nothing since the last one
	}
	err := e.Checkpoint(ctx)
	if err != nil && ctx.Err() == nil && e.Err() == nil {
		e.o.Log.Warn("checkpoint failed and will be tried again", "reason", err)
	}
	return err
}

// onlineCheckpoint makes a checkpoint while writes go on.
//
//	redo point: MODULES record ─► pages dirty now are written and synced ─► CHECKPOINT_ONLINE ─► pg_control
func (e *Engine) onlineCheckpoint(ctx context.Context) error {
	began := e.o.Now()
	redo, err := e.beginCheckpoint()
	if err != nil {
		return e.logError(err)
	}
	if err := e.flushPages(ctx); err != nil {
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
	e.o.Log.Info("checkpoint complete", "lsn", at, "redo", redo, "duration", e.o.Now().Sub(began))
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

// shutdownCheckpoint makes a checkpoint that nothing can come between, for who holds the gate and the
// latch of checkpoints, and leaves state in pg_control. The MODULES record comes right behind it.
func (e *Engine) shutdownCheckpoint(state controlfile.State) error {
	if err := e.Err(); err != nil {
		return err
	}
	ctx := context.WithoutCancel(e.ctx) // once begun it is finished
	if state == controlfile.ShutDown {
		if err := e.updateControl(func(f *controlfile.File) { f.State = controlfile.ShuttingDown }); err != nil {
			return err
		}
	}
	if err := e.log.Flush(e.log.InsertLSN()); err != nil {
		return e.logError(err)
	}
	if err := e.flushPages(ctx); err != nil {
		return err
	}
	at := e.log.NextStart()
	point := e.checkpointAt(at)
	var b wal.Builder
	b.Begin(wal.RmgrXLOG, wal.XLogCheckpointShutdown)
	b.AddMain(point.Append(nil))
	if err := insertPlain(e.log, &b); err != nil {
		return e.logError(err)
	}
	if got := e.log.LastRecord(); got != at {
		return fmt.Errorf("a record came between: the shutdown checkpoint begins at %s and not at %s", got, at)
	}
	if err := e.insertModules(e.Modules()); err != nil {
		return e.logError(err)
	}
	e.log.SetRedoPointer(at)
	if err := e.log.Flush(e.log.InsertLSN()); err != nil {
		return e.logError(err)
	}
	return e.finishCheckpoint(at, point, state)
}

func (e *Engine) checkpointAt(redo wal.LSN) wal.Checkpoint {
	c := e.control.get().CheckPointCopy // counters that nothing here moves stay as they were
	tli := e.log.Timeline()
	c.Redo, c.Timeline, c.PrevTimeline = redo, tli, tli
	c.FullPageWrites = e.insert.images.Load()
	c.NextXid, c.Time, c.OldestActiveXid = e.xids.Next(), e.o.Now().Unix(), 0
	return c
}

// flushPages writes every page that was changed before, durably.
func (e *Engine) flushPages(ctx context.Context) error {
	if err := e.pool.Flush(ctx); err != nil {
		return e.poolError(err)
	}
	if err := e.store.Sync(); err != nil {
		return e.fail(err)
	}
	return nil
}

// finishCheckpoint makes the checkpoint the one that recovery starts from, and gives up old log.
func (e *Engine) finishCheckpoint(at wal.LSN, point wal.Checkpoint, state controlfile.State) error {
	err := e.updateControl(func(f *controlfile.File) {
		f.State, f.CheckPoint, f.CheckPointCopy = state, at, point
		f.MinRecoveryPoint, f.MinRecoveryTimeline = 0, 0
	})
	if err != nil {
		return err
	}
	return e.recycle(point.Redo)
}

// recycle gives up the log that nobody needs.
func (e *Engine) recycle(redo wal.LSN) error {
	h := checkpoint.Horizon{
		Redo: redo, End: e.log.InsertLSN(), KeepSize: e.o.WALKeepSize,
		Needed: append(e.backups.starts(), e.o.Retain()),
	}
	e.saveCensus(e.segmentStart(e.log.FlushedLSN()))
	removed, err := e.log.Recycle(h.Before(), nil)
	e.census.Forget(removed)
	e.oldest.Store(0)
	return e.logError(err)
}

// replayedCheckpoint remembers a checkpoint record as the place for a restartpoint.
func (e *Engine) replayedCheckpoint(rec *wal.Record, c wal.Checkpoint) {
	e.replay.setPoint(&restartpoint{at: rec.LSN, end: rec.End, checkpoint: c})
	e.xids.Advance(c.NextXid)
	e.dueAfter(e.log.RedoPointer(), c.Redo)
}

// restartpoint is a standby's checkpoint: pages are written as of the last checkpoint record that was
// replayed, and recovery can start from its redo point. It writes no log.
func (e *Engine) restartpoint(ctx context.Context) error {
	p := e.replay.latestPoint()
	if p == nil || p.checkpoint.Redo <= e.control.get().CheckPointCopy.Redo || !e.replay.isConsistent() {
		return nil
	}
	if err := e.flushPages(ctx); err != nil {
		return err
	}
	err := e.updateControl(func(f *controlfile.File) {
		f.CheckPoint, f.CheckPointCopy = p.at, p.checkpoint
		if f.MinRecoveryPoint < p.end {
			f.MinRecoveryPoint = p.end
		}
		f.MinRecoveryTimeline = max(f.MinRecoveryTimeline, p.checkpoint.Timeline)
	})
	if err != nil {
		return err
	}
	e.log.SetRedoPointer(p.checkpoint.Redo)
	e.o.Log.Info("restartpoint complete", "lsn", p.at, "redo", p.checkpoint.Redo)
	return e.recycle(p.checkpoint.Redo)
}
