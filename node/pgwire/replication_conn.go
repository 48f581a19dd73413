package pgwire

import (
	"context"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// A ReplicationHandler serves connections that asked for replication in their startup packet. They
// are authenticated and have had their first ReadyForQuery when they come here.
//
// ServeReplication returns nil when the client has left. An error it returns is sent to the client
// as FATAL, then the connection is closed. ctx ends when the server closes or the connection is
// terminated by an administrator; the handler must then return soon, and the client is told why. A
// Receive that waits is woken with SetReadDeadline.
type ReplicationHandler interface {
	ServeReplication(ctx context.Context, c *ReplicationConn) error
}

// serveReplication hands the session over. The context outlives statements that are cancelled in it.
func (s *session) serveReplication() error {
	ctx, finish := context.WithCancelCause(sql.NewContext(context.Background(), s.sql))
	defer finish(nil)
	s.mu.Lock()
	s.finish = finish
	if s.ctx.Err() != nil { // it was ended before
		finish(context.Cause(s.ctx))
	}
	s.mu.Unlock()
	return s.srv.options.Replication.ServeReplication(ctx, &ReplicationConn{s})
}

// A ReplicationConn is the connection of a replication client. One goroutine may receive while
// another sends; neither side may be used by two at a time.
type ReplicationConn struct {
	s *session
}

// PID is the number by which the client knows this connection (BackendKeyData).
func (c *ReplicationConn) PID() int32 { return c.s.pid }

// User is who the client is, authenticated.
func (c *ReplicationConn) User() string { return c.s.user }

// Database is the database of the startup packet; with replication=true it means nothing.
func (c *ReplicationConn) Database() string { return c.s.database }

// ApplicationName is what synchronous_standby_names matches.
func (c *ReplicationConn) ApplicationName() string { return c.s.sql.Setting("application_name") }

// Logical is true for replication=database: SQL may be run and slots decoded.
func (c *ReplicationConn) Logical() bool { return c.s.replication == logicalReplication }

// RemoteAddr is where the client is.
func (c *ReplicationConn) RemoteAddr() net.Addr { return c.s.conn.RemoteAddr() }

// SetActivity says what the connection does, for pg_stat_activity.
func (c *ReplicationConn) SetActivity(query string) {
	now := c.s.srv.options.Now()
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.now.Query, c.s.now.QueryStart, c.s.now.State, c.s.now.StateChange = query, now, "active", now
}

// Receive returns the client's next message; it is valid until the next call. A query arrives as
// *pgproto3.Query. io.EOF means that the client left without a word; *pgproto3.Terminate that it
// said goodbye.
func (c *ReplicationConn) Receive() (pgproto3.FrontendMessage, error) {
	m, err := c.s.in.Receive()
	if err != nil {
		return nil, c.s.receiveError(err)
	}
	return m, nil
}

// SetReadDeadline makes Receive fail with os.ErrDeadlineExceeded at t; receiving may go on later.
func (c *ReplicationConn) SetReadDeadline(t time.Time) error { return c.s.conn.SetReadDeadline(t) }

// Send queues a message; Flush writes what is queued.
func (c *ReplicationConn) Send(m pgproto3.BackendMessage) { c.s.out.send(m) }

// SendCopyData queues a CopyData message of the concatenated parts, without a copy in between.
func (c *ReplicationConn) SendCopyData(parts ...[]byte) { c.s.out.copyData(parts...) }

// Buffered is the number of queued bytes.
func (c *ReplicationConn) Buffered() int { return len(c.s.out.buf) }

// Flush writes what is queued. A deadline set with SetWriteDeadline holds.
func (c *ReplicationConn) Flush() error { return c.s.out.write() }

// SetWriteDeadline makes Flush fail at t; the connection cannot be used after that.
func (c *ReplicationConn) SetWriteDeadline(t time.Time) error { return c.s.conn.SetWriteDeadline(t) }

// SendRows queues a result set in text format without its CommandComplete. A nil value is NULL.
func (c *ReplicationConn) SendRows(columns []rmgr.Column, rows ...[]any) error {
	c.s.out.rowDescription(columns, nil)
	for _, row := range rows {
		if err := c.s.out.dataRow(columns, nil, row); err != nil {
			return err
		}
	}
	return nil
}

// SendResult queues a result set in text format and its CommandComplete. A nil value is NULL.
func (c *ReplicationConn) SendResult(tag string, columns []rmgr.Column, rows ...[]any) error {
	if err := c.SendRows(columns, rows...); err != nil {
		return err
	}
	c.Complete(tag)
	return nil
}

// Complete queues a CommandComplete.
func (c *ReplicationConn) Complete(tag string) { c.s.out.complete(tag) }

// SendError queues an ErrorResponse of severity ERROR; *rmgr.Error and *sql.Error keep their SQLSTATE.
func (c *ReplicationConn) SendError(err error) { c.s.out.failure(severityError, err) }

// Ready queues ReadyForQuery and flushes.
func (c *ReplicationConn) Ready() error {
	c.s.out.ready(c.s.sql.TxStatus())
	return c.Flush()
}

// Command begins a command of the handler's own: the context that it returns ends with ctx, with release, and
// when somebody cancels what the connection does, as pg_cancel_backend does.
func (c *ReplicationConn) Command(ctx context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.command = cancel
	return ctx, func() {
		c.s.mu.Lock()
		defer c.s.mu.Unlock()
		c.s.command = nil
		cancel(nil)
	}
}

// SetUnacknowledged bounds how long sent bytes may stay unacknowledged, on a connection that can do that; 0: as
// long as on any other.
func (c *ReplicationConn) SetUnacknowledged(d time.Duration) error {
	if d == 0 {
		d = unacknowledged
	}
	return c.s.setUnacknowledged(d)
}

// Query runs SQL in the connection's session and queues its result or its error, everything but
// ReadyForQuery; ctx cancels it. In a physical session only SHOW is understood. The error it returns is one of the
// connection: a failed statement is not an error.
func (c *ReplicationConn) Query(ctx context.Context, query string) error {
	stop := context.AfterFunc(ctx, func() { c.s.interrupt(context.Cause(ctx)) })
	defer stop()
	if !c.Logical() {
		if statements, err := sql.Parse(query); err != nil || !(len(statements) == 1 && statements[0].Shows()) {
			c.SendError(condition("0A000", "cannot execute SQL commands in WAL sender for physical replication"))
			return nil
		}
	}
	if err := c.s.runAll(query); err != nil {
		return err
	}
	c.s.settle()
	c.s.skip = false
	return nil
}
