package pgwire

import (
	"bytes"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
)

// simpleQuery serves a Query message: all statements of the string, up to the first that fails.
func (s *session) simpleQuery(query string) error {
	s.sql.Received(s.srv.options.Now())
	s.sql.ForgetPrepared("")
	s.unnamed = portal{}
	if err := s.runAll(query); err != nil {
		return err
	}
	return s.ready()
}

// runAll queues the answers to a query string. Failures of statements are among the answers; only
// errors of the connection come out.
func (s *session) runAll(query string) error {
	statements, err := sql.Parse(query)
	if err != nil {
		s.fail(err)
		return nil
	}
	if len(statements) == 0 {
		s.out.empty('I')
	}
	for _, st := range statements {
		if err := s.runOne(st); err != nil {
			err = s.try(err)
			s.skip = false
			return err
		}
	}
	return nil
}

func (s *session) runOne(st *parser.Statement) error {
	if st.Params > 0 {
		return condition("42P02", "there is no parameter $1")
	}
	p, err := s.sql.Prepare(st, nil)
	if err != nil {
		return err
	}
	start := len(s.out.buf)
	if p.Columns != nil {
		s.out.rowDescription(p.Columns, nil)
	}
	tag, err := s.perform(&portal{statement: p}, start)
	if err != nil {
		return err
	}
	s.out.notices(s.sql.Notices())
	s.out.completeTag(tag)
	return nil
}

// perform runs a portal and queues its rows. start is where in the output its answer begins.
func (s *session) perform(p *portal, start int) (sql.Tag, error) {
	s.current = p
	return s.runPortal(p, start, s.sendRow)
}

// rowOut queues a row of the portal that runs.
func (s *session) rowOut(row []any) error {
	if err := s.out.dataRow(s.current.statement.Columns, s.current.formats, row); err != nil {
		return err
	}
	if len(s.out.buf) > s.srv.options.ResultBuffer {
		return s.stream()
	}
	return nil
}

// runPortal runs a portal once and notes where answers begin that wait to be settled.
func (s *session) runPortal(p *portal, start int, emit func([]any) error) (sql.Tag, error) {
	r := s.begin(p.statement.Statement.Text)
	settled := !s.sql.Unsettled()
	tag, err := s.sql.Execute(r.ctx, p.statement, p.args, emit)
	if settled && s.sql.Unsettled() {
		s.unsettled = min(start, len(s.out.buf))
	}
	return tag, s.done(r, err)
}

// stream writes a large answer's part while its statement runs. The client must take it in time,
// because the statement may hold pages that others wait for: each ResultBuffer of it, as one row may be larger.
func (s *session) stream() error {
	if err := s.sql.Settle(s.ctx); err != nil {
		return err
	}
	defer s.writeUntil(time.Time{})
	inTime := func() { s.writeUntil(s.srv.options.Now().Add(s.srv.options.StallTimeout)) }
	if err := s.out.writeInParts(s.srv.options.ResultBuffer, inTime); err != nil {
		return gone{err}
	}
	return nil
}

// writeUntil gives writes a deadline, unless the session has been given its last.
func (s *session) writeUntil(deadline time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending == nil {
		s.conn.SetWriteDeadline(deadline)
	}
}

// keepRows runs a portal to its end and keeps its rows, encoded.
func (s *session) keepRows(p *portal, start int) (err error) {
	var scratch output
	kept, limit := 0, s.srv.options.Engine.ResultLimit()
	p.ran = true
	p.tag, err = s.runPortal(p, start, func(row []any) error {
		scratch.buf = scratch.buf[:0]
		if err := scratch.dataRow(p.statement.Columns, p.formats, row); err != nil {
			return err
		}
		if kept += len(scratch.buf) + 24; kept > limit {
			return condition("54000", "the result does not fit into %d bytes: read it without a row limit", limit)
		}
		p.rows = append(p.rows, bytes.Clone(scratch.buf))
		return nil
	})
	return err
}
