package engine

import (
	"context"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
)

// SetFormat raises the format in force of a manager; logged and durable on return. The caller has made
// sure that every member replays it.
func (e *Engine) SetFormat(ctx context.Context, id wal.RmgrID, f rmgr.Format) error {
	return e.changeModules(ctx, func(s modules.Snapshot) (modules.Snapshot, error) { return s.WithFormat(id, f) })
}

// SetRetiring switches a module's retiring state; logged and durable on return. From then on records
// of a retiring module are refused.
func (e *Engine) SetRetiring(ctx context.Context, module string, retiring bool) error {
	return e.changeModules(ctx, func(s modules.Snapshot) (modules.Snapshot, error) { return s.WithRetiring(module, retiring) })
}

// changeModules writes a MODULES record between two writes: no call sees the change half-way.
func (e *Engine) changeModules(ctx context.Context, change func(modules.Snapshot) (modules.Snapshot, error)) error {
	if err := e.gate.LockContext(ctx); err != nil {
		return err
	}
	defer e.gate.Unlock()
	if err := e.mayWrite(); err != nil {
		return err
	}
	e.snapshots.Lock() // a checkpoint must not log the old one after the new one
	defer e.snapshots.Unlock()
	next, err := change(e.Modules())
	if err != nil {
		return &rmgr.Error{Code: "55000", Message: err.Error()}
	}
	if next.Equal(e.Modules()) {
		return nil
	}
	if err := e.insertModules(next); err != nil {
		return e.logError(err)
	}
	return e.logError(e.log.Flush(e.log.InsertLSN()))
}

// insertModules writes a MODULES record, which is in force from then on. The caller keeps all other
// writes out.
func (e *Engine) insertModules(s modules.Snapshot) error {
	b, err := modulesRecord(s)
	if err != nil {
		return err
	}
	start, _, err := e.log.Insert(b, 0)
	if err != nil {
		return err
	}
	e.snapshot.Store(&s)
	e.census.InForce(e.log.Timeline(), start, s)
	return nil
}
