package engine

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/wal"
)

// replayedCheckpoint remembers a checkpoint record as the place for a restartpoint.
func (e *Engine) replayedCheckpoint(rec *wal.Record, c wal.Checkpoint) {
	e.replay.setPoint(&restartpoint{at: rec.LSN, end: rec.End, checkpoint: c})
	e.xids.Advance(c.NextXid)
	e.dueAfter(e.log.RedoPointer(), rec.End)
}

// restartpoint is a standby's checkpoint: pages are written as of the last checkpoint record that was
// replayed, and recovery can start from its redo point. It writes no log.
func (e *Engine) restartpoint(ctx context.Context, cause checkpoint.Cause) error {
	p := e.replay.latestPoint()
	if p == nil || p.checkpoint.Redo <= e.control.get().CheckPointCopy.Redo || !e.replay.isConsistent() {
		return nil
	}
	run := e.startCheckpoint("restartpoint", cause)
	if err := run.flushPages(ctx); err != nil {
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
	if err := e.recycle(p.checkpoint.Redo); err != nil {
		return err
	}
	run.complete(p.at, p.checkpoint.Redo)
	return nil
}
