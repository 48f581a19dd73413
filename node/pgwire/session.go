package pgwire

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/sql"
)

// A session is an authenticated connection. Its goroutine is the only one that touches what is not
// under mu; others interrupt it.
type session struct {
	srv         *Server
	conn        net.Conn
	in          *pgproto3.Backend
	out         output
	user        string
	database    string
	replication replicationMode
	pid         int32
	secret      [4]byte
	sql         *sql.Session
	left        chan struct{} // closed when the session has ended

	portals   map[string]*portal
	unnamed   portal  // storage of the portal without a name
	skip      bool    // an error came: discard until Sync
	current   *portal // whose rows are being sent
	sendRow   func([]any) error
	unsettled int // where in out.buf the answers begin that wait for Settle

	mu      sync.Mutex
	ctx     context.Context // of statements; replaced once it was cancelled
	abandon context.CancelCauseFunc
	finish  context.CancelCauseFunc // ends what serves a replication client; nil of other sessions
	command context.CancelCauseFunc // cancels the replication command that runs; nil if none does
	busy    bool                    // a statement runs, or waits to be settled
	ending  error                   // why the session must end; nil if it need not
	now     sql.Activity
}

// init makes the session's state, now that it has its number.
func (s *session) init(settings []sql.Parameter) error {
	start := s.srv.options.Now()
	id := sql.Identity{User: s.user, Database: s.database, PID: s.pid, Start: start}
	id.ClientAddr, id.ClientPort = hostPort(s.conn.RemoteAddr())
	id.ServerAddr, id.ServerPort = hostPort(s.conn.LocalAddr())
	var err error
	if s.sql, err = s.srv.options.Engine.NewSession(id, settings); err != nil {
		return err
	}
	s.sendRow = s.rowOut
	s.portals = map[string]*portal{}
	s.renew()
	s.now = sql.Activity{Identity: id, State: "idle", StateChange: start, BackendType: "client backend", ApplicationName: s.sql.Setting("application_name")}
	if s.replication != noReplication {
		s.now.BackendType = "walsender"
	}
	return nil
}

func hostPort(a net.Addr) (string, int) {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.IP.String(), t.Port
	}
	return "", 0
}

// renew gives statements a context that is not cancelled.
func (s *session) renew() {
	ctx, abandon := context.WithCancelCause(context.Background())
	s.ctx, s.abandon = sql.NewContext(ctx, s.sql), abandon
}

func (s *session) cancel(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abandon(cause)
}

// run greets the client and serves it to its end.
func (s *session) run() {
	defer close(s.left)
	s.out.parameters(s.sql.Reported())
	s.out.send(&pgproto3.BackendKeyData{ProcessID: uint32(s.pid), SecretKey: s.secret[:]})
	s.out.ready(s.sql.TxStatus())
	err := s.setUnacknowledged(unacknowledged)
	if err == nil {
		err = s.out.write()
	}
	if err == nil && s.replication != noReplication {
		s.farewell(s.serveReplication())
		return
	}
	for err == nil {
		err = s.step()
	}
	s.farewell(err)
}

// step serves one message. An error ends the session.
func (s *session) step() error {
	if err := s.ended(); err != nil {
		return err
	}
	m, err := s.in.Receive()
	if err != nil {
		return s.receiveError(err)
	}
	defer forget(m)
	if s.skip {
		switch m.(type) {
		case *pgproto3.Sync, *pgproto3.Terminate:
		default:
			return nil
		}
	}
	switch m := m.(type) {
	case *pgproto3.Query:
		return s.simpleQuery(m.String)
	case *pgproto3.Parse:
		return s.try(s.parse(m))
	case *pgproto3.Bind:
		return s.try(s.bind(m))
	case *pgproto3.Describe:
		return s.try(s.describe(m))
	case *pgproto3.Execute:
		return s.try(s.execute(m))
	case *pgproto3.Close:
		return s.try(s.close(m))
	case *pgproto3.Flush:
		return s.flush()
	case *pgproto3.Sync:
		return s.sync()
	case *pgproto3.Terminate:
		return gone{io.EOF}
	case *pgproto3.FunctionCall:
		s.fail(condition("0A000", "function calls by OID are not supported"))
		s.skip = false
		return s.ready()
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		return nil // remains of a COPY that failed, as in PostgreSQL
	}
	return condition("08P01", "invalid frontend message %T", m)
}

// forget lets go of what may be large in a message: the connection keeps one of each kind.
func forget(m pgproto3.FrontendMessage) {
	switch m := m.(type) {
	case *pgproto3.Query:
		m.String = ""
	case *pgproto3.Parse:
		m.Query = ""
	case *pgproto3.Bind:
		clear(m.Parameters)
	}
}

// receiveError sorts out why no message came: the client is gone, the session must end, or the
// bytes make no sense. After the last the stream cannot be followed any more.
func (s *session) receiveError(err error) error {
	if ending := s.ended(); ending != nil {
		return ending
	}
	var ne net.Error
	var tooLong *pgproto3.ExceededMaxBodyLenErr
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe), errors.As(err, &ne):
		return gone{err}
	case errors.As(err, &tooLong):
		return condition("08P01", "message of %d bytes is longer than the limit of %d", tooLong.ActualBodyLen, tooLong.MaxExpectedBodyLen)
	}
	return condition("08P01", "invalid message: %v", err)
}

// try tells the client of a message's failure; the rest of its batch is skipped. Only errors of the
// connection come out.
func (s *session) try(err error) error {
	var g gone
	if err == nil || errors.As(err, &g) {
		return err
	}
	s.fail(err)
	s.skip = true
	return nil
}

func (s *session) fail(err error) {
	s.sql.Fail()
	s.out.notices(s.sql.Notices())
	s.out.failure(severityError, err)
}

// flush writes the answers so far, once what they speak of is safe.
func (s *session) flush() error {
	s.settle()
	if err := s.out.write(); err != nil {
		return gone{err}
	}
	return nil
}

// settle waits for what was written. If it must not be acknowledged, the answers that speak of it
// are taken back and an error stands in their place.
func (s *session) settle() {
	if !s.sql.Unsettled() {
		return
	}
	r := s.begin("")
	if err := s.done(r, s.sql.Settle(r.ctx)); err != nil {
		s.out.buf = s.out.buf[:s.unsettled]
		s.fail(err)
		s.skip = true
		return
	}
	s.out.notices(s.sql.Notices())
}

func (s *session) sync() error {
	s.settle()
	s.skip = false
	return s.ready()
}

// ready ends a batch: the client may send the next.
func (s *session) ready() error {
	s.settle()
	s.skip = false
	s.sql.Ready()
	if s.sql.TxStatus() == 'I' { // portals end with their transaction
		s.unnamed, s.current = portal{}, nil
		clear(s.portals)
	}
	if changed := s.sql.Changed(); changed != nil {
		s.out.parameters(changed)
		s.mu.Lock()
		s.now.ApplicationName = s.sql.Setting("application_name")
		s.mu.Unlock()
	}
	s.out.ready(s.sql.TxStatus())
	s.idle()
	if err := s.out.write(); err != nil {
		return gone{err}
	}
	return nil
}

func (s *session) idle() {
	state := "idle"
	switch s.sql.TxStatus() {
	case 'T':
		state = "idle in transaction"
	case 'E':
		state = "idle in transaction (aborted)"
	}
	now := s.srv.options.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == "idle" {
		s.now.XactStart = time.Time{}
	}
	if s.now.State != state {
		s.now.State, s.now.StateChange = state, now
	}
}

func (s *session) activity() sql.Activity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}
