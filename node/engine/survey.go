package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/redoubt-wal/redoubt/node/census"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

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
	e.census.Begin(s.history.TLIAt(s.redo), s.redo)
	src := segment.NewSource(e.o.FS, e.path(walDir), e.segSize, s.history)
	defer src.Close()
	if s.cloned() && e.cameWithoutLog(src, s.redo) {
		s.end = e.noLog(s)
		return nil
	}
	r := wal.NewReader(e.certain(src, s.mark), wal.ReaderOptions{SegmentSize: e.segSize, SystemID: e.system, MustReach: s.mustReach()})
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
