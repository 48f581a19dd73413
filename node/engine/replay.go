package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// A replayer applies the log as it becomes durable here. It is one goroutine.
type replayer struct {
	e       *Engine
	applier recovery.Applier
	source  *segment.Source
	reader  *wal.Reader
	history wal.History // that source follows

	formats recovery.Formats // at the record read last
	started bool             // the managers' Startup was called
	paused  bool             // records are only counted from now on
	counted wal.LSN          // records that start before this are in the census already
	looked  wal.LSN          // the log was flushed up to here when the reader found no more
}

// startReplay replays from redo on, or, if last is not 0, after the record that starts there.
func (e *Engine) startReplay(redo, last wal.LSN) {
	ctx, cancel := context.WithCancel(e.ctx)
	done := make(chan struct{})
	e.replay.mu.Lock()
	e.replay.cancel, e.replay.done, e.replay.idle = cancel, done, 0
	e.replay.mu.Unlock()
	r := &replayer{e: e, applier: recovery.Applier{Table: e.o.Table, Pool: e.pool, Logger: e.o.Log, Kill: e.o.Signal}}
	r.counted = e.replay.readUpTo()
	r.formats.Table = e.o.Table
	if last != 0 {
		r.formats.Set(e.snapshot.Load())
	}
	e.spawn(func() {
		defer close(done)
		defer r.close()
		if err := r.run(ctx, redo, last); err != nil && ctx.Err() == nil {
			e.halt(err)
			e.replay.changed.signal()
		}
	})
}

// stopReplay ends the replayer; it is between two records then.
func (e *Engine) stopReplay() {
	e.replay.mu.Lock()
	cancel, done := e.replay.cancel, e.replay.done
	e.replay.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

// awaitReplay returns when everything up to lsn is replayed, or replay pauses.
func (e *Engine) awaitReplay(ctx context.Context, lsn wal.LSN) error {
	for {
		changed := e.replay.changed.channelAt(lsn)
		if e.replay.position() >= lsn || e.replay.paused() != nil {
			return nil
		}
		if err := e.Err(); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (r *replayer) run(ctx context.Context, redo, last wal.LSN) error {
	if err := r.openAt(redo, last); err != nil {
		return err
	}
	for ctx.Err() == nil {
		rec, err := r.reader.Next()
		switch {
		case errors.Is(err, wal.ErrNotYet):
			r.await(ctx)
			continue
		case err != nil:
			return fmt.Errorf("replay: %w", err)
		}
		if err := r.take(ctx, rec); err != nil {
			return err
		}
	}
	return nil
}

// openAt begins to read at redo, or after the record that starts at last.
func (r *replayer) openAt(redo, last wal.LSN) error {
	r.close()
	r.history = r.e.History()
	r.source = r.e.log.NewSource(r.history)
	r.reader = wal.NewReader(r.source, wal.ReaderOptions{SegmentSize: r.e.segSize, SystemID: r.e.system})
	if last == 0 {
		r.reader.Seek(redo)
		return nil
	}
	r.reader.Seek(last)
	if _, err := r.reader.Next(); err != nil {
		return fmt.Errorf("replay: read the last record again: %w", err)
	}
	return nil
}

func (r *replayer) close() {
	if r.source != nil {
		r.source.Close()
		r.source = nil
	}
}

// await returns when there may be more log.
func (r *replayer) await(ctx context.Context) {
	e := r.e
	changed := e.log.Changed()
	flushed := e.log.FlushedLSN()
	if r.looked != flushed {
		r.looked = flushed // the log may have grown since the reader looked: once more
		return
	}
	e.replay.isIdle(flushed)
	select {
	case <-changed:
	case <-ctx.Done():
	}
}

// take counts a record and replays it, unless replay has to stop before it.
func (r *replayer) take(ctx context.Context, rec *wal.Record) error {
	_ = r.formats.Read(rec) // one that cannot be read is left to redo, which refuses it
	if rec.LSN >= r.counted {
		r.e.noteRecord(r.history.TLIAt(rec.LSN), rec, &r.formats)
	}
	if r.paused {
		r.e.replay.sawRecord(rec.End)
		return nil
	}
	if p := r.obstacle(rec); p != nil {
		r.pause(p, rec)
		return nil
	}
	if err := r.applyOnceThereIsRoom(ctx, rec); err != nil {
		if e := r.e.Err(); e != nil || ctx.Err() != nil {
			return e
		}
		r.pause(&control.ReplayPause{LSN: rec.LSN, Reason: "RedoFailed", Detail: err.Error()}, rec)
		return nil
	}
	if r.e.replay.advance(rec.LSN, rec.End) {
		return r.e.reachedConsistency(rec.End)
	}
	return nil
}

// obstacle is what keeps this node from replaying rec, nil if nothing does.
func (r *replayer) obstacle(rec *wal.Record) *control.ReplayPause {
	if !rec.Rmgr.Custom() || rec.Rmgr == wal.RmgrModules {
		return nil
	}
	if p := r.formats.Obstacle(rec.Rmgr, rec.LSN); p != nil {
		return &control.ReplayPause{LSN: rec.LSN, Reason: string(p.Reason), Detail: p.Error()}
	}
	return nil
}

// pause stops replay before rec. The log goes on being received, made durable and counted.
func (r *replayer) pause(p *control.ReplayPause, rec *wal.Record) {
	r.paused = true
	r.e.o.Log.Warn("replay is paused", "lsn", p.LSN, "reason", p.Reason, "detail", p.Detail)
	r.e.replay.stopAt(p)
	r.e.replay.sawRecord(rec.End)
}

// applyOnceThereIsRoom is apply that waits as long as the disk is full. The log goes on being received.
func (r *replayer) applyOnceThereIsRoom(ctx context.Context, rec *wal.Record) error {
	err := r.apply(rec)
	if !isFull(err) {
		return err
	}
	p := &control.ReplayPause{LSN: rec.LSN, Reason: "NoSpace", Detail: err.Error()}
	r.e.o.Log.Warn("replay waits for room on the disk", "lsn", p.LSN, "reason", err)
	r.e.replay.stopAt(p)
	timer := time.NewTicker(time.Second)
	defer timer.Stop()
	for isFull(err) {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		err = r.apply(rec)
	}
	r.e.replay.stopAt(nil)
	return err
}

// apply replays one record, with no reader of its manager's pages beside it.
func (r *replayer) apply(rec *wal.Record) error {
	e := r.e
	if !r.started {
		if err := e.startManagers(); err != nil {
			return err
		}
		r.started = true
	}
	if err := r.switchTimeline(rec); err != nil {
		return err
	}
	m := &e.managers[rec.Rmgr]
	m.Lock()
	err := r.applier.Apply(rec, r.format(rec.Rmgr))
	m.Unlock()
	if err != nil {
		return err
	}
	e.xids.Seen(rec.Xid)
	return r.follow(rec)
}

func (r *replayer) format(id wal.RmgrID) rmgr.Format {
	if f := r.formats.Need(id, 0).Format; f != 0 {
		return f
	}
	return r.e.format(id)
}

// follow does what a record means for the node itself.
func (r *replayer) follow(rec *wal.Record) error {
	switch {
	case rec.Rmgr == wal.RmgrModules:
		r.e.snapshot.Store(r.formats.Snapshot())
		for _, p := range recovery.Problems(r.e.o.Table, r.formats.Snapshot().Needs()) {
			r.e.o.Log.Warn("records of a module may come that cannot be replayed here", "lsn", rec.LSN, "reason", p.Reason, "detail", p.Error())
		}
	case rec.Rmgr == wal.RmgrXLOG:
		return r.followXLOG(rec)
	}
	return nil
}

func (r *replayer) followXLOG(rec *wal.Record) error {
	switch rec.Op() {
	case wal.XLogCheckpointOnline, wal.XLogCheckpointShutdown:
		c, err := wal.DecodeCheckpoint(rec.Main)
		if err != nil {
			return err
		}
		r.e.replayedCheckpoint(rec, c)
	case wal.XLogBackupEnd:
		b, err := wal.DecodeBackupEnd(rec.Main)
		if err != nil {
			return err
		}
		r.e.replay.backupEnded(b.Start)
	}
	return nil
}

// switchTimeline follows a record that begins a timeline: it must come from the one we are on, and be
// part of the history.
func (r *replayer) switchTimeline(rec *wal.Record) error {
	if rec.Rmgr != wal.RmgrXLOG {
		return nil
	}
	var now, prev wal.TimelineID
	switch rec.Op() {
	case wal.XLogCheckpointShutdown:
		c, err := wal.DecodeCheckpoint(rec.Main)
		if err != nil {
			return err
		}
		now, prev = c.Timeline, c.PrevTimeline
	case wal.XLogEndOfRecovery:
		v, err := wal.DecodeEndOfRecovery(rec.Main)
		if err != nil {
			return err
		}
		now, prev = v.Timeline, v.PrevTimeline
	default:
		return nil
	}
	current := r.e.replay.timeline()
	switch {
	case now == current:
		return nil
	case prev != current:
		return fmt.Errorf("record at %s begins timeline %d after timeline %d, and replay is on timeline %d: %w", rec.LSN, now, prev, current, wal.ErrCorrupt)
	case now < current || r.history.TLIAt(rec.LSN) != now:
		return fmt.Errorf("record at %s begins timeline %d, which is not in this node's history: %w", rec.LSN, now, wal.ErrCorrupt)
	}
	r.e.replay.setTimeline(now)
	return nil
}

// noteRecord tells the census of a record and the formats in force at it.
func (e *Engine) noteRecord(tli wal.TimelineID, rec *wal.Record, formats *recovery.Formats) {
	switch {
	case rec.Rmgr == wal.RmgrModules:
		if s := formats.Snapshot(); s != nil {
			e.census.InForce(tli, rec.LSN, *s)
		}
	case rec.Rmgr.Custom():
		e.census.Note(tli, formats.Need(rec.Rmgr, rec.LSN), rec.LSN)
	}
}

// startManagers calls every manager's Startup before the first record of a recovery.
func (e *Engine) startManagers() error {
	e.replay.mu.Lock()
	started := e.replay.started
	e.replay.started = true
	e.replay.mu.Unlock()
	if started {
		return nil
	}
	for _, m := range e.o.Table.All() {
		if s, ok := m.(rmgr.Starter); ok {
			if err := s.Startup(); err != nil {
				return fmt.Errorf("start resource manager %s: %w", m.Name(), err)
			}
		}
	}
	return nil
}

// cleanUpManagers calls every manager's Cleanup after the last record of a recovery.
func (e *Engine) cleanUpManagers() error {
	e.replay.mu.Lock()
	started := e.replay.started
	e.replay.started = false
	e.replay.mu.Unlock()
	if !started {
		return nil
	}
	for _, m := range e.o.Table.All() {
		if c, ok := m.(rmgr.Cleaner); ok {
			if err := c.Cleanup(); err != nil {
				return fmt.Errorf("clean up resource manager %s: %w", m.Name(), err)
			}
		}
	}
	return nil
}
