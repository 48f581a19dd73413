package sql

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql/guc"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// An Identity is who a session belongs to, for the functions that tell it.
type Identity struct {
	User       string
	Database   string
	PID        int32
	ClientAddr string // "" for a Unix-domain socket, as in the next three
	ClientPort int
	ServerAddr string
	ServerPort int
	Start      time.Time
}

// A Session is one client's state: settings, transaction block, prepared statements, and what it
// wrote but has not settled yet. One goroutine uses it at a time.
type Session struct {
	engine   *Engine
	identity Identity
	settings guc.Stack
	tx       txState
	prepared map[string]*Prepared
	exec     execution

	pending      wal.LSN // end of what was written and is not settled
	pendingLevel string
	notices      []Notice

	level        string // synchronous_commit
	timeout      time.Duration
	noticeLevel  int
	readOnlyWish bool   // default_transaction_read_only
	generation   uint64 // of the node's settings that these came from
	dirty        bool   // a setting changed since the client was told
	received     time.Time
	began        time.Time // of the transaction; zero outside of one
	told         []string
	toldRecovery bool
}

// NewSession begins a session with the settings of its startup packet. What the node does not know
// is an error, except a time zone: drivers send their machine's, and timestamps are shown in UTC.
func (e *Engine) NewSession(id Identity, start []Parameter) (*Session, error) {
	s := &Session{engine: e, identity: id, told: make([]string, len(reported)), prepared: map[string]*Prepared{}}
	s.toldRecovery = s.inRecovery()
	s.exec.prepareExecution(s.call, e.ResultLimit())
	for _, p := range start {
		if err := s.Set(p.Name, p.Value, false); err != nil {
			if strings.EqualFold(p.Name, "timezone") {
				continue
			}
			return nil, err
		}
	}
	s.settings.Begin()
	s.settingsChanged()
	return s, nil
}

type sessionKey struct{}

// NewContext gives ctx the session, where functions find it.
func NewContext(ctx context.Context, s *Session) context.Context {
	return context.WithValue(ctx, sessionKey{}, s)
}

// FromContext is the session whose statement runs; nil if there is none.
func FromContext(ctx context.Context) *Session {
	s, _ := ctx.Value(sessionKey{}).(*Session)
	return s
}

// Identity is who the session belongs to.
func (s *Session) Identity() Identity { return s.identity }

// StatementTimeout is the session's statement_timeout; 0 is none.
func (s *Session) StatementTimeout() time.Duration {
	s.refresh()
	return s.timeout
}

// ResultLimit is ResultMemory with its default.
func (e *Engine) ResultLimit() int {
	if e.ResultMemory > 0 {
		return e.ResultMemory
	}
	return 64 << 20
}

func (e *Engine) version() string {
	if e.ServerVersion != "" {
		return e.ServerVersion
	}
	return "15.18 (Redoubt)"
}

func (s *Session) inRecovery() bool { return s.engine.InRecovery != nil && s.engine.InRecovery() }

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
	s.exec.begin(ctx, args, emit)
	tag, err := p.run(s)
	s.exec.end()
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

func (s *Session) notice(severity string, e Condition) {
	if s.noticeLevel == 2 || s.noticeLevel == 1 && severity == "NOTICE" {
		return
	}
	s.notices = append(s.notices, Notice{severity, e})
}

// Notices gives the messages for the client since the last call.
func (s *Session) Notices() []Notice {
	list := s.notices
	s.notices = nil
	return list
}
