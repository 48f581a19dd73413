package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/txn"
	"github.com/redoubt-wal/redoubt/wal"
)

// Promote ends recovery and opens the engine for writes, once it has replayed all log that is here.
// tli equal to the log's own timeline resumes it (after a start, or after Demote); a higher one begins
// a new timeline, for which reason goes into the history file. On return the first records on it are
// durable. Nobody may call Log().Receive any more. If ctx ends first the engine stays in recovery.
func (e *Engine) Promote(ctx context.Context, tli wal.TimelineID, reason string) error {
	if err := e.roles.LockContext(ctx); err != nil {
		return err
	}
	defer e.roles.Unlock()
	if err := e.mayPromote(tli); err != nil {
		return fmt.Errorf("promote to timeline %d: %w", tli, err)
	}
	if !e.InRecovery() {
		return nil
	}
	if err := e.replayAll(ctx); err != nil {
		return fmt.Errorf("promote to timeline %d: %w", tli, err)
	}
	if err := e.gate.LockContext(ctx); err != nil {
		return err
	}
	defer e.gate.Unlock()
	if err := e.lockCheckpoints(ctx); err != nil {
		return err
	}
	defer e.checkpoints.Unlock()
	if begin := e.beginOfTimeline(); tli == e.History().Timeline() && e.replay.position() < begin {
		return fmt.Errorf("promote to timeline %d: the log here ends at %s, before that timeline begins at %s: follow one that has the rest, or clone this node anew", tli, e.replay.position(), begin)
	}
	e.stopReplay()
	if err := e.openForWrites(tli, reason); err != nil {
		return e.halt(fmt.Errorf("promote to timeline %d: %w", tli, err)) // neither standby nor primary now
	}
	e.o.Log.Info("open for writes", "timeline", tli, "lsn", e.log.FlushedLSN(), "reason", reason)
	return nil
}

func (e *Engine) mayPromote(tli wal.TimelineID) error {
	own := e.History().Timeline()
	switch {
	case e.Err() != nil:
		return e.Err()
	case e.closed.Load():
		return errClosed
	case e.Suspect() != "":
		return fmt.Errorf("the disk is suspect: %s", e.Suspect())
	case tli < own:
		return fmt.Errorf("the log is on timeline %d already", own)
	case !e.InRecovery() && tli != own:
		return fmt.Errorf("already open for writes on timeline %d", own)
	}
	return nil
}

// beginOfTimeline is where the newest timeline that this node knows of left its parent.
func (e *Engine) beginOfTimeline() wal.LSN {
	h := e.History()
	return h[len(h)-1].Begin
}

// replayAll waits until everything received is durable and replayed.
func (e *Engine) replayAll(ctx context.Context) error {
	if _, err := e.log.FlushReceived(); err != nil {
		return e.logError(err)
	}
	for {
		changed := e.replay.changed.channel()
		if p := e.replay.paused(); p != nil {
			return fmt.Errorf("replay is paused at %s: %s: %s", p.LSN, p.Reason, p.Detail)
		}
		if err := e.Err(); err != nil {
			return err
		}
		if e.replay.idleAt() >= e.log.FlushedLSN() {
			if !e.replay.isConsistent() {
				return errors.New("WAL ends before end of online backup or consistent recovery point")
			}
			return nil
		}
		select {
		case <-changed:
		case <-e.Failed():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// openForWrites is the part of Promote that cannot be undone.
func (e *Engine) openForWrites(tli wal.TimelineID, reason string) error {
	if err := e.cleanUpManagers(); err != nil {
		return err
	}
	end, last := e.replay.lastRecord()
	replayed := e.replay.timeline()
	if replayed == tli {
		if err := e.resumeLog(end, last, tli); err != nil {
			return err
		}
	} else if err := e.forkLog(end, last, replayed, tli, reason); err != nil {
		return err
	}
	e.recovering.Store(false)
	e.replay.changed.signal()
	return nil
}

// resumeLog goes on with the log on its own timeline: with a checkpoint, so that the recovery that has
// just ended need not be repeated, and the modules as they are loaded now.
func (e *Engine) resumeLog(end, last wal.LSN, tli wal.TimelineID) error {
	lost, resume := e.replay.lostRecord()
	if lost != 0 {
		end = resume
	}
	if err := e.log.StartInsert(end, last, tli); err != nil {
		return err
	}
	if lost != 0 {
		if _, err := e.log.OverwriteContRecord(lost, txn.Micros(e.o.Now())); err != nil {
			return err
		}
		e.replay.forgetLost()
	}
	next := e.Modules().Merge(e.o.Table.Manifest())
	e.snapshot.Store(&next)
	return e.shutdownCheckpoint(controlfile.InProduction)
}

// forkLog begins timeline tli where the log ends. pg_control knows of the timeline before anyone can
// have seen a record on it, so that no crash can make this node write its first records twice.
func (e *Engine) forkLog(end, last wal.LSN, parent, tli wal.TimelineID, reason string) error {
	history, err := e.writeFork(end, parent, tli, reason)
	if err != nil {
		return err
	}
	if err := e.log.StartInsert(end, last, tli); err != nil {
		return err
	}
	err = e.updateControl(func(f *controlfile.File) {
		f.MinRecoveryPoint, f.MinRecoveryTimeline = max(f.MinRecoveryPoint, end), tli
	})
	if err != nil {
		return err
	}
	e.history.Store(&history)
	e.replay.forgetLost()
	if err := e.firstRecords(parent, tli); err != nil {
		return err
	}
	e.replay.setTimeline(tli)
	upTo := e.log.InsertLSN()
	if err := e.log.Flush(upTo); err != nil {
		return err
	}
	err = e.updateControl(func(f *controlfile.File) {
		f.State = controlfile.InProduction
		f.MinRecoveryPoint, f.MinRecoveryTimeline = upTo, tli
	})
	e.wantCheckpoint(checkpoint.Forced) // soon and not now: clients wait
	return err
}

// writeFork writes the history file of a timeline that leaves parent at end. One that an interrupted
// promotion to the same timeline left is kept if it says the same.
func (e *Engine) writeFork(end wal.LSN, parent, tli wal.TimelineID, reason string) (wal.History, error) {
	if old, err := e.readHistory(tli); tli > 1 && err == nil && len(old) > 1 {
		b := old[len(old)-2]
		if b.Timeline == parent && b.End == end {
			return old, nil
		}
		if err := e.forgetFork(tli, b.End); err != nil {
			return nil, err
		}
	}
	ancestors, err := e.log.ReadHistory(parent)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	contents := wal.AppendHistory(ancestors, parent, end, reason)
	if err := e.log.WriteHistory(tli, contents); err != nil {
		return nil, err
	}
	return wal.ParseHistory(tli, contents)
}

// forgetFork removes what an interrupted promotion to timeline tli has left, which was to begin at end: its
// segment has the log up to there and nothing behind it.
func (e *Engine) forgetFork(tli wal.TimelineID, end wal.LSN) error {
	for _, name := range []string{wal.SegmentName(tli, end, e.segSize), wal.HistoryName(tli)} {
		if err := e.o.FS.Remove(e.path(walDir + "/" + name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// firstRecords begins a timeline: END_OF_RECOVERY, then the modules as they are loaded, and whether there are
// full-page images from now on if that is news: the first checkpoint comes later.
func (e *Engine) firstRecords(parent, tli wal.TimelineID) error {
	var b wal.Builder
	b.Begin(wal.RmgrXLOG, wal.XLogEndOfRecovery)
	b.AddMain(wal.EndOfRecovery{Time: txn.Micros(e.o.Now()), Timeline: tli, PrevTimeline: parent}.Append(nil))
	if err := insertPlain(e.log, &b); err != nil {
		return err
	}
	if err := e.insertModules(e.Modules().Merge(e.o.Table.Manifest())); err != nil {
		return err
	}
	if e.replay.hadImages() == e.o.FullPageWrites {
		return nil
	}
	b.Begin(wal.RmgrXLOG, wal.XLogFPWChange)
	b.AddMain(wal.FPWChange{On: e.o.FullPageWrites}.Append(nil))
	return insertPlain(e.log, &b)
}

// Demote ends a primary with a shutdown checkpoint and returns to recovery. On return the log has
// ended and is durable; Log().Receive goes on from there. pg_control says that recovery is under way: what
// it writes is not durable, as all is after a shutdown.
func (e *Engine) Demote(ctx context.Context) error {
	if err := e.roles.LockContext(ctx); err != nil {
		return err
	}
	defer e.roles.Unlock()
	if e.InRecovery() {
		return nil
	}
	if err := e.gate.LockContext(ctx); err != nil {
		return err
	}
	defer e.gate.Unlock()
	if err := e.lockCheckpoints(ctx); err != nil {
		return err
	}
	defer e.checkpoints.Unlock()
	if err := e.shutdownCheckpoint(controlfile.ShutDown); err != nil {
		return fmt.Errorf("demote: %w", err)
	}
	end, last := e.log.InsertLSN(), e.log.LastRecord()
	if err := e.log.StartReceive(end, e.log.Timeline()); err != nil {
		return e.halt(fmt.Errorf("demote: %w", err)) // neither primary nor standby now
	}
	e.replay.rest(last, end, e.log.Timeline(), e.o.FullPageWrites)
	e.recovering.Store(true)
	if err := e.updateControl(func(f *controlfile.File) { f.State = controlfile.InArchiveRecovery }); err != nil {
		return fmt.Errorf("demote: %w", err)
	}
	e.startReplay(0, last)
	e.o.Log.Info("demoted", "timeline", e.log.Timeline(), "lsn", end)
	return nil
}
