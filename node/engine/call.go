package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Call runs a module's function. Calls that write with the same manager run one after another; calls
// that read its pages beside each other, never beside a write or its replay. end is the end of the
// last record that the call wrote, also if it then failed; 0 if none. Nothing is durable yet: see
// Log().Flush.
func (e *Engine) Call(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) (end wal.LSN, err error) {
	leave, err := e.enterCall(ctx, fn)
	if err != nil {
		return 0, err
	}
	defer leave()
	s := &session{e: e, ctx: ctx, fn: fn}
	if fn.Write == nil && fn.ReadsOf != nil {
		c := courtesy{e: e, latch: &e.managers[*fn.ReadsOf], fn: fn, row: row}
		return 0, cmp.Or(rmgr.Call(ctx, fn, s, args, c.give, &s.emitting), c.err)
	}
	err = rmgr.Call(ctx, fn, s, args, row, &s.emitting)
	return s.end, err
}

// enterCall takes the latches that a function declares.
func (e *Engine) enterCall(ctx context.Context, fn *rmgr.Function) (leave func(), err error) {
	switch {
	case fn.Write != nil:
		if e.InRecovery() {
			return nil, &rmgr.Error{Code: "25006", Message: fmt.Sprintf("cannot execute %s() during recovery", fn.Name), Hint: errInRecovery.Hint}
		}
		if err := e.enter(ctx); err != nil {
			return nil, err
		}
		m := &e.managers[*fn.Write]
		if err := m.LockContext(ctx); err != nil {
			e.gate.RUnlock()
			return nil, err
		}
		return func() { m.Unlock(); e.gate.RUnlock() }, nil
	case e.InRecovery() && !e.replay.isConsistent():
		return nil, errNotReady
	case e.Err() != nil:
		return nil, e.Err()
	case fn.ReadsOf != nil:
		m := &e.managers[*fn.ReadsOf]
		if err := m.RLockContext(ctx); err != nil {
			return nil, err
		}
		return m.RUnlock, nil
	}
	return func() {}, nil
}

// Emit applies and logs one record. Not durable: see Log().Flush.
func (e *Engine) Emit(ctx context.Context, rec rmgr.NewRecord) (wal.LSN, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.gate.RUnlock()
	m := &e.managers[rec.Rmgr]
	if err := m.LockContext(ctx); err != nil {
		return 0, err
	}
	defer m.Unlock()
	return e.write(rec)
}

// A session is what one call may use. It is for the goroutine of the call.
type session struct {
	e   *Engine
	ctx context.Context
	fn  *rmgr.Function
	end wal.LSN

	emitting bool // a panic now is the engine's own: a record may be half made
	looking  bool // a page is latched: a record that changes it would wait for ever
}

// Page is rmgr.Session.
func (s *session) Page(rel wal.RelFileLocator, fork wal.ForkNumber, block uint32, fn func(page []byte)) (bool, error) {
	if s.fn != nil {
		if err := s.fn.MayRead(rel); err != nil {
			return false, err
		}
	}
	b, err := s.e.pool.Get(buffer.Tag{Rel: rel, Fork: fork, Block: block})
	if errors.Is(err, buffer.ErrNoPage) {
		return false, nil
	}
	if err != nil {
		return false, pageError(err)
	}
	defer b.Release()
	b.RLock()
	defer b.RUnlock()
	before := s.looking
	s.looking = true
	fn(b.Page())
	s.looking = before
	return true, nil
}

// Blocks is rmgr.Session.
func (s *session) Blocks(rel wal.RelFileLocator, fork wal.ForkNumber) (uint32, error) {
	return s.e.pool.Blocks(rel, fork)
}

// Format is rmgr.Session.
func (s *session) Format(id wal.RmgrID) rmgr.Format { return s.e.format(id) }

// Emit is rmgr.Emitter. Besides its own manager's records a function may write messages.
func (s *session) Emit(rec rmgr.NewRecord) (wal.LSN, error) {
	s.emitting = true
	end, err := s.emit(rec)
	s.emitting = false
	if err == nil {
		s.end = end
	}
	return end, err
}

func (s *session) emit(rec rmgr.NewRecord) (wal.LSN, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	switch {
	case s.looking:
		return 0, fmt.Errorf("function %s emits a record while it looks at a page: emit it once Page has returned", s.fn.Name)
	case s.fn.Write == nil && s.fn.ReadsOf != nil: // it would wait for itself
		return 0, fmt.Errorf("function %s declares that it reads pages of resource manager %d, and emits a record", s.fn.Name, *s.fn.ReadsOf)
	case s.fn.Write == nil:
		return s.e.Emit(s.ctx, rec)
	case rec.Rmgr == *s.fn.Write:
		return s.e.write(rec)
	case rec.Rmgr == wal.RmgrLogicalMessage:
		m := &s.e.managers[rec.Rmgr]
		if err := m.LockContext(s.ctx); err != nil {
			return 0, err
		}
		defer m.Unlock()
		return s.e.write(rec)
	}
	return 0, fmt.Errorf("function %s declares that it writes records of resource manager %d and emits one of %d", s.fn.Name, *s.fn.Write, rec.Rmgr)
}

// format is the format in force of a manager. One that was registered without a module has format 1.
func (e *Engine) format(id wal.RmgrID) rmgr.Format {
	if f := e.snapshot.Load().Format(id); f != 0 {
		return f
	}
	return e.formatWithoutModule(id)
}

// formatWithoutModule is the format of a manager that no MODULES record names.
func (e *Engine) formatWithoutModule(id wal.RmgrID) rmgr.Format {
	if reg, ok := e.o.Table.Registration(id); ok && !e.inModule[id] {
		return reg.Writes.Max
	}
	return 0
}

var _ rmgr.Session = (*session)(nil)
