package engine

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/latch"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// A replayer applies the log as it becomes durable here. It is one goroutine.
type replayer struct {
	e       *Engine
	applier recovery.Applier
	source  *segment.Source
	reader  *wal.Reader
	ahead   recovery.Ahead
	history wal.History // that source follows

	formats recovery.Formats // at the record read last
	started bool             // the managers' Startup was called, and worked
	paused  bool             // records are only counted from now on
	counted wal.LSN          // records that start before this are in the census already
	looked  wal.LSN          // the log was flushed up to here when the reader found no more

	last, end wal.LSN      // of the record replayed last
	untold    bool         // others have not heard of it yet
	held      *latch.Latch // of the manager whose pages are being changed
}

// startReplay replays from redo on, or, if last is not 0, after the record that starts there. What has
// stopped it before is tried once more.
func (e *Engine) startReplay(redo, last wal.LSN) {
	ctx, cancel := context.WithCancel(e.ctx)
	done := make(chan struct{})
	e.replay.mu.Lock()
	e.replay.cancel, e.replay.done, e.replay.idle, e.replay.pause = cancel, done, 0, nil
	e.replay.mu.Unlock()
	r := &replayer{e: e, applier: recovery.Applier{Table: e.o.Table, Pool: e.pool, Logger: e.o.Log, Kill: e.o.Signal}}
	r.counted = e.replay.readUpTo()
	r.formats.Table, r.formats.Otherwise = e.o.Table, e.format
	if last != 0 {
		r.formats.Set(e.snapshot.Load())
	}
	e.spawn(func() {
		defer close(done)
		defer r.close()
		err := r.run(ctx, redo, last)
		if err != nil && ctx.Err() == nil {
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
	return e.awaitPosition(ctx, lsn, func() bool { return e.replay.position() >= lsn || e.replay.paused() != nil })
}

// awaitRead returns when everything up to lsn was read, replayed or not.
func (e *Engine) awaitRead(ctx context.Context, lsn wal.LSN) error {
	return e.awaitPosition(ctx, lsn, func() bool { return e.replay.readUpTo() >= lsn })
}

func (e *Engine) awaitPosition(ctx context.Context, lsn wal.LSN, there func() bool) error {
	for {
		changed := e.replay.changed.channelAt(lsn)
		if there() {
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
	r.applier.Release()
	if r.source != nil {
		r.source.Close()
		r.source = nil
	}
}
