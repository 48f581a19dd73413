package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/census"
	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/node/storage"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Open takes the directory into use, replays the log that is there and goes on replaying what is
// received; the engine is in recovery until Promote. Nothing on disk has changed if it fails because a
// record cannot be replayed (*recovery.Refusal) or the log is damaged (wal.ErrCorrupt). If a record
// that could be expected to work fails in Redo, Open succeeds and ReplayPause says what happened.
func Open(ctx context.Context, o Options) (*Engine, error) {
	o = o.withDefaults()
	if err := checkVersion(o.FS, o.Dir); err != nil {
		return nil, fmt.Errorf("open %s: %w", o.Dir, err)
	}
	lock, err := o.FS.Lock(path.Join(o.Dir, versionName)) // a file that is there anyway
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.Dir, err)
	}
	e := &Engine{o: o, lock: lock, nudge: make(chan checkpoint.Cause, 1)}
	e.failure.failed = make(chan struct{})
	e.ctx, e.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	if err := e.open(ctx); err != nil {
		e.cancel(err)
		e.release()
		return nil, fmt.Errorf("open %s: %w", o.Dir, err)
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) error {
	if err := e.insert.setUp(e); err != nil {
		return err
	}
	for _, m := range e.o.Table.Modules() {
		for _, r := range m.Managers {
			e.inModule[r.ID] = true
		}
	}
	s, err := e.survey(ctx)
	if err != nil {
		return err
	}
	// From here on the directory changes.
	if err := e.takeOver(s); err != nil {
		return err
	}
	return e.begin(ctx, s)
}

// A start is what a directory says about itself: where replay begins and how far there is log.
type start struct {
	file    controlfile.File
	label   *recovery.Label
	history wal.History
	redo    wal.LSN
	end     segment.End
	mark    *suspicion
	witness wal.LSN // every record that starts before was durable
	crashed bool    // the last run was a primary's and did not end in order
}

// survey reads what there is and whether it can be replayed. It changes nothing.
func (e *Engine) survey(ctx context.Context) (*start, error) {
	if err := CheckFinished(e.o.FS, e.o.Dir); err != nil {
		return nil, err
	}
	file, err := controlfile.Read(e.o.FS, e.o.Dir)
	if err != nil {
		return nil, err
	}
	e.system, e.segSize = file.SystemID, uint64(file.SegmentSize)
	s := &start{file: *file}
	switch file.State {
	case controlfile.InProduction, controlfile.ShuttingDown, controlfile.InCrashRecovery:
		s.crashed = true
	}
	if s.label, err = e.readLabel(); err != nil {
		return nil, err
	}
	if s.mark, err = readMark(e.o.FS, e.path(suspectName)); err != nil {
		return nil, err
	}
	if s.witness, err = readWitness(e.o.FS, e.path(witnessName), e.system); err != nil {
		return nil, err
	}
	tli := max(file.CheckPointCopy.Timeline, file.MinRecoveryTimeline)
	s.redo = file.CheckPointCopy.Redo
	if s.label != nil {
		s.redo, s.crashed = s.label.Start, false
		tli = max(s.label.Timeline, file.MinRecoveryTimeline)
	}
	if s.history, err = e.readHistory(tli); err != nil {
		return nil, err
	}
	return s, e.scan(ctx, s)
}

func (e *Engine) readLabel() (*recovery.Label, error) {
	b, err := vfs.ReadFile(e.o.FS, e.path(recovery.LabelName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := recovery.ParseLabel(b)
	return &l, err
}

func (e *Engine) readHistory(tli wal.TimelineID) (wal.History, error) {
	if tli == 1 {
		return wal.NewHistory(1), nil
	}
	b, err := vfs.ReadFile(e.o.FS, path.Join(e.o.Dir, walDir, wal.HistoryName(tli)))
	if err != nil {
		return nil, fmt.Errorf("history of timeline %d: %w", tli, err)
	}
	return wal.ParseHistory(tli, b)
}

// scan reads the log from the redo point to its end.
func (e *Engine) scan(ctx context.Context, s *start) error {
	e.census = census.New(census.Options{
		FS: e.o.FS, Dir: e.path(walDir), SegmentSize: e.segSize, SystemID: e.system, Epoch: uint64(e.o.Now().UnixNano()),
	})
	src := segment.NewSource(e.o.FS, e.path(walDir), e.segSize, s.history)
	defer src.Close()
	if s.cloned() && e.cameWithoutLog(src, s.redo) {
		s.end = e.noLog(s)
		return nil
	}
	r := wal.NewReader(e.certain(src, s.mark), wal.ReaderOptions{SegmentSize: e.segSize, SystemID: e.system, MustReach: s.mustReach()})
	e.census.Begin(s.history.TLIAt(s.redo), s.redo)
	found, err := recovery.Scan(ctx, e.o.Table, r, s.redo, func(rec *wal.Record, formats *recovery.Formats) {
		e.noteRecord(s.history.TLIAt(rec.LSN), rec, formats)
	})
	if err != nil {
		return err
	}
	s.end = found.End
	if s.end.LSN < s.mustReach() {
		return fmt.Errorf("the log ends at %s, before %s, up to which pages may have been written: %w (%w)", s.end.LSN, s.mustReach(), wal.ErrCorrupt, found.End.Cause)
	}
	if found.End.Timeline > s.history.Timeline() {
		return fmt.Errorf("a page of the log says timeline %d, which is not in the history of timeline %d: %w", found.End.Timeline, s.history.Timeline(), wal.ErrCorrupt)
	}
	if found.Records == 0 && s.cloned() {
		s.end = e.noLog(s)
		return nil
	}
	if found.Records == 0 {
		return fmt.Errorf("could not read the record at the redo point %s: %w (%w)", s.redo, wal.ErrCorrupt, found.End.Cause)
	}
	return found.Refusal(e.o.Table)
}

// cloned reports whether the directory is a base backup whose end was not replayed yet.
func (s *start) cloned() bool { return s.label != nil || s.file.BackupStart != 0 }

// mustReach is how far the log is known to have been durable. A base backup may have come without log;
// what it says counts once pages were written here.
func (s *start) mustReach() wal.LSN {
	switch {
	case !s.cloned():
		return max(s.file.MinRecoveryPoint, s.file.CheckPoint+1, s.witness)
	case s.label == nil && s.file.MinRecoveryPoint > s.file.BackupStart:
		return s.file.MinRecoveryPoint
	}
	return 0
}

// noLog is the end of a log that has yet to be received, from the redo point's segment on.
func (e *Engine) noLog(s *start) segment.End {
	return segment.End{LSN: e.segmentStart(s.redo), Timeline: s.history.TLIAt(s.redo)}
}

// cameWithoutLog reports whether a base backup was taken without log: all of it will be received.
func (e *Engine) cameWithoutLog(src *segment.Source, redo wal.LSN) bool {
	_, err := src.ReadPages(wal.PageStart(redo), wal.ShortPageHeaderSize)
	return errors.Is(err, wal.ErrNoPage)
}

// certain hides log that a failed fsync has left in doubt: what a read shows of it may be in the page
// cache only.
func (e *Engine) certain(src wal.PageSource, mark *suspicion) wal.PageSource {
	if mark == nil || mark.Durable == 0 {
		return src
	}
	return limited{src, mark.Durable}
}

// limited is a source that ends at end.
type limited struct {
	wal.PageSource
	end wal.LSN
}

func (l limited) ReadPages(at wal.LSN, need int) ([]byte, error) {
	if at+wal.LSN(need) > l.end {
		return nil, fmt.Errorf("%w: the log is in doubt from %s on", wal.ErrNoPage, l.end)
	}
	b, err := l.PageSource.ReadPages(at, need)
	return b[:min(len(b), int(l.end-at))], err
}

// takeOver opens log and pages and says in pg_control that recovery is under way.
func (e *Engine) takeOver(s *start) (err error) {
	fsys, dir := e.o.FS, e.o.Dir
	e.control = controlKeeper{fs: fsys, dir: dir, now: e.o.Now, file: s.file}
	e.failure.suspect = s.mark
	for _, d := range directories { // a base backup may lack empty ones
		if err := fsys.MkdirAll(path.Join(dir, d), 0o700); err != nil {
			return err
		}
	}
	e.log, err = segment.Open(segment.Options{
		FS: fsys, Dir: e.path(walDir), SegmentSize: uint32(e.segSize), SystemID: e.system, Timeline: s.history.Timeline(),
		MinSize: e.o.MinWALSize, MaxSize: e.o.MaxWALSize, NoRecycle: e.o.NoWALRecycle, NoZero: e.o.NoWALInitZero,
		Go: func(task func()) { e.spawn(task) },
	})
	if err != nil {
		return err
	}
	if err := e.syncLog(s); err != nil {
		return e.fail(err)
	}
	e.store = storage.Open(fsys, dir)
	e.pool = buffer.NewPool(buffer.Options{Pages: e.o.SharedBuffers, Store: e.store, BeforeWrite: e.beforeWrite})
	e.recovering.Store(true)
	e.snapshot.Store(&modules.Snapshot{APIVersion: modules.Version})
	e.history.Store(&s.history)
	return nil
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
	e.spawn(func() { e.fillCensus(s) })
	e.spawn(func() {
		checkpoint.Loop(e.ctx, e.o.CheckpointTimeout, e.nudge, e.checkpointIfDue)
	})
	return nil
}

// replayHere starts replay and returns when all that was here is replayed, or replay pauses.
func (e *Engine) replayHere(ctx context.Context, s *start) error {
	began := e.o.Now()
	if s.end.LSN > s.redo {
		e.o.Log.Info("redo starts", "lsn", s.redo)
	}
	e.startReplay(s.redo, 0)
	if err := e.awaitReplay(ctx, s.end.LSN); err != nil {
		return err
	}
	if end, last := e.replay.lastRecord(); end > s.redo {
		e.o.Log.Info("redo done", "lsn", last, "duration", e.o.Now().Sub(began))
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

// release gives back what open has taken.
func (e *Engine) release() {
	e.cancel(errClosed)
	if e.log != nil {
		e.log.Close()
	}
	e.tasks.Wait()
	if e.store != nil {
		e.store.Close()
	}
	e.lock.Close()
}
