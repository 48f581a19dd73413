package engine

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/wal"
)

// shutdownCheckpoint makes a checkpoint that nothing can come between, for who holds the gate and the
// latch of checkpoints, and leaves state in pg_control. The MODULES record comes right behind it.
func (e *Engine) shutdownCheckpoint(state controlfile.State) error {
	if err := e.Err(); err != nil {
		return err
	}
	ctx := context.WithoutCancel(e.ctx) // once begun it is finished
	cause := checkpoint.AfterRecovery
	if state == controlfile.ShutDown {
		cause = checkpoint.AtShutdown
		if err := e.updateControl(func(f *controlfile.File) { f.State = controlfile.ShuttingDown }); err != nil {
			return err
		}
	}
	run := e.startCheckpoint("checkpoint", cause)
	if err := e.log.Flush(e.log.InsertLSN()); err != nil {
		return e.logError(err)
	}
	if err := run.flushPages(ctx); err != nil {
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
	if err := e.finishCheckpoint(at, point, state); err != nil {
		return err
	}
	run.complete(at, at)
	return nil
}

func (e *Engine) checkpointAt(redo wal.LSN) wal.Checkpoint {
	c := e.control.get().CheckPointCopy // counters that nothing here moves stay as they were
	tli := e.log.Timeline()
	c.Redo, c.Timeline, c.PrevTimeline = redo, tli, tli
	c.FullPageWrites = e.o.FullPageWrites // and not what a backup asks for until it ends
	c.NextXid, c.Time, c.OldestActiveXid = e.xids.Next(), e.o.Now().Unix(), 0
	return c
}
