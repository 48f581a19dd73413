package engine

import (
	"context"
	"time"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// A checkpointRun is a checkpoint or restartpoint under way: how fast it goes, and what it did so far.
type checkpointRun struct {
	e      *Engine
	name   string // "checkpoint", "restartpoint"
	cause  checkpoint.Cause
	pace   checkpoint.Pace
	report checkpoint.Report
	files  segment.Turnover // before it
}

func (e *Engine) startCheckpoint(name string, cause checkpoint.Cause) *checkpointRun {
	e.o.Log.Log(e.ctx, e.o.CheckpointLevel, name+" starting", "cause", string(cause))
	return &checkpointRun{
		e: e, name: name, cause: cause, files: e.log.Turnover(),
		pace: checkpoint.Pace{
			Target: e.o.CheckpointTarget, Timeout: e.o.CheckpointTimeout,
			Distance: checkpoint.Distance(e.o.MaxWALSize, e.o.CheckpointTarget),
			Began:    e.o.Now(), From: e.logPosition(),
		},
	}
}

// logPosition is what a checkpoint's pace goes by: how much log is there, on a standby is replayed.
func (e *Engine) logPosition() wal.LSN {
	if e.InRecovery() {
		return e.replay.position()
	}
	return e.log.InsertLSN()
}

// flushPages writes every page that was changed before, durably, and takes its time if it may.
func (r *checkpointRun) flushPages(ctx context.Context) error {
	e, began := r.e, r.e.o.Now()
	written, err := e.pool.FlushPaced(ctx, func(done, total int) error { return r.rest(ctx, done, total) })
	r.report.Buffers = written
	if err != nil {
		return e.poolError(err)
	}
	wrote := e.o.Now()
	err = e.store.SyncEach(func(sync func() error) error {
		began := e.o.Now()
		defer func() { r.report.Files.Add(e.o.Now().Sub(began)) }()
		return sync()
	})
	if err != nil {
		return e.fail(err)
	}
	r.report.Write, r.report.Sync = wrote.Sub(began), e.o.Now().Sub(wrote)
	return nil
}

// rest waits a little after a page if the checkpoint is ahead of its time and nobody waits for it
// (CheckpointWriteDelay).
func (r *checkpointRun) rest(ctx context.Context, done, total int) error {
	if !r.cause.AtLeisure() || !r.pace.Ahead(done, total, r.e.o.Now(), r.e.logPosition()) {
		return nil
	}
	timer := time.NewTimer(checkpoint.Rest)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.e.haste.Called():
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// complete says what was done; at is the checkpoint record.
func (r *checkpointRun) complete(at, redo wal.LSN) {
	e, files := r.e, r.e.log.Turnover()
	r.report.Pool, r.report.Total = e.pool.Size(), e.o.Now().Sub(r.pace.Began)
	r.report.Added = int(files.Added - r.files.Added)
	r.report.Removed, r.report.Recycled = int(files.Removed-r.files.Removed), int(files.Recycled-r.files.Recycled)
	r.report.Distance, r.report.Estimate = e.log.CheckpointDistance()
	e.checkpointed.add(r.cause, r.report)
	attributes := append([]any{"lsn", at, "redo", redo}, r.report.Attributes()...)
	e.o.Log.Log(e.ctx, e.o.CheckpointLevel, r.name+" complete", attributes...)
}
