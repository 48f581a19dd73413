package sql

import (
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql/executor"
	"github.com/redoubt-wal/redoubt/node/sql/guc"
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
	exec     executor.Execution

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
	s.exec.Init(s.call, e.ResultLimit())
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
