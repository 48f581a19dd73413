package engine

import (
	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/wal"
)

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

// recycleAgain gives up what somebody needed at the last checkpoint who may have let go of it since: on a
// full disk that is the only room for the next one.
func (e *Engine) recycleAgain() error { return e.recycle(e.control.get().CheckPointCopy.Redo) }

// recycle gives up the log that nobody needs.
func (e *Engine) recycle(redo wal.LSN) error {
	h := checkpoint.Horizon{
		Redo: redo, End: e.log.InsertLSN(), KeepSize: e.o.WALKeepSize, Needed: e.backups.starts(),
	}
	h.Needed = append(h.Needed, e.o.Retain(h.Before()))
	e.saveCensus(e.segmentStart(e.log.FlushedLSN()))
	removed, err := e.log.Recycle(h.Before(), nil)
	e.census.Forget(removed)
	e.lookForOldest()
	return e.logError(err)
}
