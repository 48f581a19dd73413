package engine

import (
	"context"
	"fmt"
	"path"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
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
