package engine

import (
	"context"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/wal"
)

// replayedCheckpoint remembers a checkpoint record as the place for a restartpoint. One of a shutdown is
// its own redo point, and so none before the MODULES record right behind it is here: who began there
// without it would know of no format.
func (e *Engine) replayedCheckpoint(rec *wal.Record, c wal.Checkpoint) {
	e.replay.setPoint(&restartpoint{at: rec.LSN, end: rec.End, checkpoint: c})
	e.xids.Advance(c.NextXid)
	e.dueAfter(e.log.RedoPointer(), rec.End)
}

// restartpoint is a standby's checkpoint: pages are written as of the last checkpoint record that was
// replayed, and recovery can start from its redo point. It writes no log.
func (e *Engine) restartpoint(ctx context.Context, cause checkpoint.Cause) error {
	p := e.replay.latestPoint()
	switch {
	case !e.replay.isConsistent():
		return nil
	case p == nil || p.checkpoint.Redo <= e.control.get().CheckPointCopy.Redo:
		return e.recycleAgain() // on a full disk no checkpoint record comes before there is room
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
