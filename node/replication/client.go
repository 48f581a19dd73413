package replication

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// Upstream says how to reach a server for replication.
type Upstream struct {
	Dial            func(ctx context.Context, addr string) (net.Conn, error)
	Addr            string      // host:port, as Dial wants it
	TLS             *tls.Config // nil: no TLS. ServerName is the name expected in the certificate
	User            string
	Password        string // for SCRAM-SHA-256, if the server asks
	ApplicationName string

	// Renew, if not nil, is called before each connection: passwords, certificates and authorities change
	// while a stream lasts.
	Renew func(*Upstream) error
}

// A Client is a replication connection to a server. One goroutine uses it at a time, except that
// Close may be called at any moment and makes what is under way fail.
type Client struct {
	conn net.Conn
	wire *pgproto3.Frontend
	stop func() bool
	pid  uint32
}

// PID is the number of the session on the server.
func (c *Client) PID() uint32 { return c.pid }

// maxMessage bounds what a server can make a client allocate: the largest message is a chunk of log
// or a history file.
const maxMessage = 64 << 20

// Connect opens a replication connection. When ctx ends, now or later, the connection is closed.
func Connect(ctx context.Context, u Upstream) (*Client, error) {
	if u.Renew != nil {
		if err := u.Renew(&u); err != nil {
			return nil, fmt.Errorf("connect to upstream: %w", err)
		}
	}
	conn, err := u.Dial(ctx, u.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect to upstream: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	c, err := startup(ctx, conn, u)
	if err != nil {
		stop()
		conn.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("connect to upstream %s: %w", u.Addr, err)
	}
	c.stop = stop
	return c, nil
}

// receive returns the next message; an ErrorResponse comes as *rmgr.Error.
func (c *Client) receive() (pgproto3.BackendMessage, error) {
	m, err := c.wire.Receive()
	if err != nil {
		return nil, err
	}
	if e, ok := m.(*pgproto3.ErrorResponse); ok {
		return nil, &rmgr.Error{Code: e.Code, Message: e.Message, Detail: e.Detail, Hint: e.Hint}
	}
	return m, nil
}

// Close closes the connection.
func (c *Client) Close() error {
	c.stop()
	return c.conn.Close()
}

// SetDeadline makes what takes longer fail.
func (c *Client) SetDeadline(t time.Time) error { return c.conn.SetDeadline(t) }

// Send sends a command. Its answer is read with Rows, or message by message with Receive.
func (c *Client) Send(command string) error {
	c.wire.Send(&pgproto3.Query{String: command})
	return c.wire.Flush()
}

// Receive returns the server's next message, valid until the next call. An ErrorResponse is returned
// as an *rmgr.Error.
func (c *Client) Receive() (pgproto3.BackendMessage, error) { return c.receive() }
