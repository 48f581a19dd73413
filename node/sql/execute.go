package sql

import (
	"context"
	"slices"

	"github.com/redoubt-wal/redoubt/node/sql/guc"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Execute runs a prepared statement. emit takes each row and must not keep the slice, nor []byte
// values in it. What was written is not safe before Settle.
func (s *Session) Execute(ctx context.Context, p *Prepared, args []any, emit func([]any) error) (Tag, error) {
	if !s.MayRun(p) {
		return Tag{}, errFailedTransaction()
	}
	s.refresh()
	if p.writer != nil {
		if err := s.mayWrite(p.writer); err != nil {
			return Tag{}, err
		}
	}
	if p.queries && s.tx.status == txOpen {
		s.tx.queried = true
	}
	s.exec.Begin(ctx, args, emit)
	tag, err := p.run(s)
	s.exec.End()
	return tag, err
}

// call runs a function of a statement.
func (s *Session) call(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) error {
	lsn, err := s.engine.Caller.Call(ctx, fn, args, row)
	s.wrote(fn, lsn)
	return err
}

// wrote notes what a call wrote, for Settle. Of two levels the stronger counts.
func (s *Session) wrote(fn *rmgr.Function, lsn wal.LSN) {
	if lsn == wal.InvalidLSN {
		return
	}
	if s.tx.status == txOpen {
		s.tx.wrote = fn.Name
	}
	if s.pending == 0 || slices.Index(guc.CommitLevels, s.level) > slices.Index(guc.CommitLevels, s.pendingLevel) {
		s.pendingLevel = s.level
	}
	s.pending = max(s.pending, lsn)
}

// Unsettled reports whether something was written that Settle has not waited for.
func (s *Session) Unsettled() bool { return s.pending != 0 }

// Settle waits until what was written is as safe as synchronous_commit demanded. An error means
// that the writes since the last Settle must not be acknowledged.
func (s *Session) Settle(ctx context.Context) error {
	if s.pending == 0 {
		return nil
	}
	lsn := s.pending
	s.pending = 0
	warning, err := s.engine.Committer.Commit(ctx, lsn, s.pendingLevel)
	if warning != nil {
		s.notice("WARNING", *warning)
	}
	return err
}
