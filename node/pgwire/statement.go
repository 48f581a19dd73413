package pgwire

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"
)

// A running statement, or the wait until what it wrote is safe.
type running struct {
	ctx   context.Context
	timer *time.Timer // of statement_timeout; nil if there is none
}

// begin marks the session busy with a statement and gives the statement's context.
func (s *session) begin(query string) running {
	now := s.srv.options.Now()
	s.mu.Lock()
	if s.ctx.Err() != nil && s.ending == nil {
		s.renew()
	}
	s.busy = true
	if query != "" {
		s.now.Query, s.now.QueryStart = shown(query), now
	}
	s.now.XactStart = s.sql.TransactionStart()
	if s.now.State != "active" {
		s.now.State, s.now.StateChange = "active", now
	}
	r := running{ctx: s.ctx}
	s.mu.Unlock()
	if d := s.sql.StatementTimeout(); d > 0 && query != "" {
		r.timer = time.AfterFunc(d, func() { s.interrupt(errStatementTimeout) })
	}
	return r
}

// shown is what pg_stat_activity shows of a query: as much as PostgreSQL's track_activity_query_size lets it.
func shown(query string) string {
	const most = 1023 // bytes
	if len(query) <= most {
		return query
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(query[end]) {
		end--
	}
	return strings.Clone(query[:end])
}

// done ends what begin began, and turns an error that a cancellation caused into its reason.
func (s *session) done(r running, err error) error {
	if r.timer != nil {
		r.timer.Stop()
	}
	s.mu.Lock()
	s.busy = false
	s.mu.Unlock()
	if err != nil && r.ctx.Err() != nil && errors.Is(err, r.ctx.Err()) {
		return context.Cause(r.ctx)
	}
	return err
}

// interrupt cancels the statement or the replication command that runs; if none does, nothing happens.
func (s *session) interrupt(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.busy:
		s.abandon(cause)
	case s.command != nil:
		s.command(cause)
	}
}
