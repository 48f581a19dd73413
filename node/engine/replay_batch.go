package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/latch"
	"github.com/redoubt-wal/redoubt/wal"
)

func (r *replayer) run(ctx context.Context, redo, last wal.LSN) error {
	if err := r.openAt(redo, last); err != nil {
		return err
	}
	if err := r.replayTogether(ctx, r.counted); err != nil {
		return err
	}
	for ctx.Err() == nil {
		err := r.replayBatch(ctx)
		if told := r.tell(); told != nil {
			return told
		}
		switch {
		case errors.Is(err, wal.ErrNotYet):
			r.await(ctx)
		case err != nil:
			return err
		}
	}
	return nil
}

// replayBatch replays the next record, and those that stand with it on its page of the log. Others
// hear of them afterwards, which costs more than replaying one record does, unless somebody waits.
func (r *replayer) replayBatch(ctx context.Context) error {
	first, err := r.reader.Next()
	switch {
	case errors.Is(err, wal.ErrNotYet):
		return err
	case err != nil:
		return fmt.Errorf("replay: %w", err)
	}
	rest := r.ahead.Read(r.reader, first, &r.applier)
	if err := r.take(ctx, first); err != nil {
		return err
	}
	for i := range rest {
		if r.end >= r.e.replay.nextStop() || r.contended() {
			if err := r.tell(); err != nil {
				return err
			}
		}
		if err := r.take(ctx, &rest[i]); err != nil {
			return err
		}
	}
	return nil
}

// tell says how far replay is, and lets those in who want to read the pages.
func (r *replayer) tell() error {
	consistent := false
	if r.untold {
		consistent = r.e.replay.advance(r.last, r.end)
		r.untold = false
	}
	r.hold(nil)
	if consistent {
		return r.e.reachedConsistency(r.end)
	}
	return nil
}

// hold keeps readers of one manager's pages out, until tell or until another's are needed.
func (r *replayer) hold(l *latch.Latch) {
	if r.held == l {
		return
	}
	if r.held != nil {
		r.held.Unlock()
	}
	if r.held = l; l != nil {
		l.Lock()
	}
}

// contended reports whether somebody wants to read the pages that are being changed.
func (r *replayer) contended() bool { return r.held != nil && r.held.Contended() }

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
