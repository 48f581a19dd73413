package engine

import (
	"context"
	"errors"
	"os"
	"path"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/node/storage"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// takeOver opens log and pages and says in pg_control that recovery is under way.
func (e *Engine) takeOver(s *start) (err error) {
	fsys, dir := e.o.FS, e.o.Dir
	patient := vfs.Patient(fsys) // a log or pg_control that cannot be opened ends the node
	e.control.fs, e.control.dir, e.control.now = patient, dir, e.o.Now
	file := s.file
	e.control.file.Store(&file)
	e.failure.suspect = s.mark
	for _, d := range directories { // a base backup may lack empty ones
		if err := fsys.MkdirAll(path.Join(dir, d), 0o700); err != nil {
			return err
		}
	}
	e.log, err = segment.Open(segment.Options{
		FS: patient, Dir: e.path(walDir), SegmentSize: uint32(e.segSize), SystemID: e.system, Timeline: s.history.Timeline(),
		MinSize: e.o.MinWALSize, MaxSize: e.o.MaxWALSize, NoRecycle: e.o.NoWALRecycle, NoZero: e.o.NoWALInitZero,
		Go: func(task func()) { e.spawn(task) }, MaySwitch: e.betweenRoles,
	})
	if err != nil {
		return err
	}
	if err := e.syncLog(s); err != nil {
		return e.fail(err)
	}
	if s.file.State != controlfile.ShutDown {
		if err := storage.SyncAll(fsys, dir); err != nil {
			return e.fail(err)
		}
	}
	e.store = storage.Open(fsys, dir)
	e.pool = buffer.NewPool(buffer.Options{Pages: e.o.SharedBuffers, Store: e.store, BeforeWrite: e.beforeWrite})
	e.recovering.Store(true)
	e.snapshot.Store(&modules.Snapshot{APIVersion: modules.Version})
	e.history.Store(&s.history)
	return nil
}

// betweenRoles calls insert unless somebody counts on it that nothing is inserted now.
func (e *Engine) betweenRoles(insert func()) {
	if e.gate.TryRLock() {
		defer e.gate.RUnlock()
		insert()
	}
}

// syncLog makes durable what was read: after a kill it may be in memory only, and pages are about to
// be written that depend on it.
func (e *Engine) syncLog(s *start) error {
	segments, err := e.log.Segments()
	if err != nil {
		return err
	}
	for _, seg := range segments {
		if seg.Start+wal.LSN(e.segSize) <= s.redo || seg.Start > s.end.LSN {
			continue
		}
		f, err := e.o.FS.OpenFile(path.Join(e.o.Dir, walDir, seg.Name), os.O_RDWR, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// begin starts replay and waits until what was here is replayed.
func (e *Engine) begin(ctx context.Context, s *start) error {
	end := s.end.LSN
	if s.crashed && s.end.Lost != 0 {
		end = s.end.Resume // a primary keeps the beginning of the lost record: it may have been shipped
		e.replay.lost, e.replay.resume = s.end.Lost, s.end.Resume
	}
	if err := e.startReceive(end); err != nil {
		return e.logError(err)
	}
	e.log.SetRedoPointer(s.redo)
	if err := e.beginRecovery(s); err != nil {
		return err
	}
	e.xids.Reset(s.file.CheckPointCopy.NextXid)
	e.replay.begin(s)
	w, err := openWitness(e.o.FS, e.path(witnessName), e.system)
	if err != nil {
		return err
	}
	e.spawn(func() { e.watch(w) })
	if err := e.replayHere(ctx, s); err != nil {
		return err
	}
	e.lookForOldest()
	e.spawn(func() { e.fillCensus(s) })
	e.spawn(func() {
		checkpoint.Loop(e.ctx, e.o.CheckpointTimeout, e.nudge, e.checkpointIfDue)
	})
	return nil
}

// replayHere starts replay and returns when all that was here is replayed, or replay pauses.
func (e *Engine) replayHere(ctx context.Context, s *start) error {
	began, used := e.o.Now(), usageNow()
	if s.end.LSN > s.redo {
		e.o.Log.Info("redo starts", "lsn", s.redo)
	}
	e.startReplay(s.redo, 0)
	if err := e.awaitReplay(ctx, s.end.LSN); err != nil {
		return err
	}
	if end, last := e.replay.lastRecord(); end > s.redo {
		user, system := usageNow().since(used)
		e.o.Log.Info("redo done", "lsn", last, "user", user, "system", system, "duration", e.o.Now().Sub(began))
	}
	return nil
}

// beginRecovery writes to pg_control that recovery is under way, and what a base backup needs before
// its pages agree; only then the label is put aside.
func (e *Engine) beginRecovery(s *start) error {
	err := e.updateControl(func(f *controlfile.File) {
		f.State = controlfile.InArchiveRecovery
		if s.crashed {
			f.State = controlfile.InCrashRecovery
		}
		f.MinRecoveryTimeline = s.history.Timeline()
		if s.label == nil {
			return
		}
		f.BackupStart, f.BackupEndRequired = s.label.Start, !s.label.FromStandby
		if s.label.FromStandby {
			f.BackupEnd = s.file.MinRecoveryPoint
		}
		f.CheckPoint = s.label.Checkpoint
		f.CheckPointCopy.Redo, f.CheckPointCopy.Timeline, f.CheckPointCopy.PrevTimeline = s.label.Start, s.label.Timeline, s.label.Timeline
		f.MinRecoveryPoint = s.label.Start // nothing was written here yet
	})
	if err != nil || s.label == nil {
		return err
	}
	return vfs.RenameDurably(e.o.FS, e.path(recovery.LabelName), e.path(recovery.LabelName+".old"))
}
