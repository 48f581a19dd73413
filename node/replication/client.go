package replication

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/xdg-go/scram"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Upstream says how to reach a server for replication.
type Upstream struct {
	Dial            func(ctx context.Context, addr string) (net.Conn, error)
	Addr            string      // host:port, as Dial wants it
	TLS             *tls.Config // nil: no TLS. ServerName is the name expected in the certificate
	User            string
	Password        string // for SCRAM-SHA-256, if the server asks
	ApplicationName string
}

// An Identity is the answer to IDENTIFY_SYSTEM.
type Identity struct {
	SystemID uint64
	Timeline wal.TimelineID // of the log that the server writes or replays now
	End      wal.LSN        // how far its log may be streamed
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

// startup speaks the protocol up to the first ReadyForQuery.
func startup(ctx context.Context, conn net.Conn, u Upstream) (*Client, error) {
	if u.TLS != nil {
		var err error
		if conn, err = startTLS(ctx, conn, u.TLS); err != nil {
			return nil, err
		}
	}
	c := &Client{conn: conn, wire: pgproto3.NewFrontend(conn, conn)}
	c.wire.SetMaxBodyLen(maxMessage)
	c.wire.Send(&pgproto3.StartupMessage{
		ProtocolVersion: pgproto3.ProtocolVersion30,
		Parameters: map[string]string{
			"user": u.User, "database": "replication", "replication": "true", "application_name": u.ApplicationName,
		},
	})
	if err := c.wire.Flush(); err != nil {
		return nil, err
	}
	for {
		m, err := c.receive()
		if err != nil {
			return nil, err
		}
		switch m := m.(type) {
		case *pgproto3.AuthenticationOk, *pgproto3.ParameterStatus, *pgproto3.NoticeResponse:
		case *pgproto3.BackendKeyData:
			c.pid = m.ProcessID
		case *pgproto3.AuthenticationSASL:
			if err := c.authenticate(m, u); err != nil {
				return nil, err
			}
		case *pgproto3.ReadyForQuery:
			return c, nil
		default:
			return nil, fmt.Errorf("unexpected message %T while connecting; the server must accept our certificate or SCRAM-SHA-256", m)
		}
	}
}

func startTLS(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	ask, err := (&pgproto3.SSLRequest{}).Encode(nil)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(ask); err != nil {
		return nil, err
	}
	var answer [1]byte
	if _, err := conn.Read(answer[:]); err != nil {
		return nil, err
	}
	if answer[0] != 'S' {
		return nil, errors.New("the server does not offer TLS")
	}
	secured := tls.Client(conn, config)
	return secured, secured.HandshakeContext(ctx)
}

// authenticate answers a SCRAM-SHA-256 challenge.
func (c *Client) authenticate(m *pgproto3.AuthenticationSASL, u Upstream) error {
	const mechanism = "SCRAM-SHA-256"
	offered := false
	for _, name := range m.AuthMechanisms {
		offered = offered || name == mechanism
	}
	if !offered {
		return fmt.Errorf("the server asks for a password by %v; only %s is spoken", m.AuthMechanisms, mechanism)
	}
	client, err := scram.SHA256.NewClient(u.User, u.Password, "")
	if err != nil {
		return err
	}
	talk := client.NewConversation()
	first, err := talk.Step("")
	if err != nil {
		return err
	}
	c.wire.Send(&pgproto3.SASLInitialResponse{AuthMechanism: mechanism, Data: []byte(first)})
	for {
		if err := c.wire.Flush(); err != nil {
			return err
		}
		m, err := c.receive()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.AuthenticationSASLContinue:
			next, err := talk.Step(string(m.Data))
			if err != nil {
				return err
			}
			c.wire.Send(&pgproto3.SASLResponse{Data: []byte(next)})
		case *pgproto3.AuthenticationSASLFinal:
			if _, err := talk.Step(string(m.Data)); err != nil {
				return err
			}
			if !talk.Valid() {
				return errors.New("the server could not prove that it knows the password")
			}
			return nil
		default:
			return fmt.Errorf("unexpected message %T during authentication", m)
		}
	}
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

// Rows reads one result set up to its CommandComplete. A nil field is NULL.
func (c *Client) Rows() (rows [][][]byte, err error) {
	for {
		m, err := c.receive()
		if err != nil {
			return nil, err
		}
		switch m := m.(type) {
		case *pgproto3.RowDescription, *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
		case *pgproto3.DataRow:
			row := make([][]byte, len(m.Values))
			for i, v := range m.Values {
				if v != nil {
					row[i] = append([]byte{}, v...)
				}
			}
			rows = append(rows, row)
		case *pgproto3.CommandComplete:
			return rows, nil
		default:
			return nil, fmt.Errorf("unexpected message %T in a result", m)
		}
	}
}

// Ready reads up to ReadyForQuery.
func (c *Client) Ready() error {
	for {
		m, err := c.receive()
		if err != nil {
			return err
		}
		switch m.(type) {
		case *pgproto3.ReadyForQuery:
			return nil
		case *pgproto3.CommandComplete, *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
		default:
			return fmt.Errorf("unexpected message %T after a result", m)
		}
	}
}

// Query sends a command with one result set and returns its rows. After a refusal by the server,
// which is an *rmgr.Error, the connection can still be used.
func (c *Client) Query(command string) ([][][]byte, error) {
	if err := c.Send(command); err != nil {
		return nil, err
	}
	rows, err := c.Rows()
	var refusal *rmgr.Error
	if err != nil && !errors.As(err, &refusal) {
		return nil, err
	}
	return rows, errors.Join(err, c.Ready())
}

// Identify asks who the server is.
func (c *Client) Identify() (Identity, error) {
	rows, err := c.Query("IDENTIFY_SYSTEM")
	if err != nil {
		return Identity{}, fmt.Errorf("identify upstream: %w", err)
	}
	if len(rows) != 1 || len(rows[0]) < 3 {
		return Identity{}, errors.New("identify upstream: the answer has not the expected form")
	}
	id, errID := strconv.ParseUint(string(rows[0][0]), 10, 64)
	tli, errTLI := strconv.ParseUint(string(rows[0][1]), 10, 32)
	end, errEnd := wal.ParseLSN(string(rows[0][2]))
	if err := errors.Join(errID, errTLI, errEnd); err != nil {
		return Identity{}, fmt.Errorf("identify upstream: %w", err)
	}
	return Identity{SystemID: id, Timeline: wal.TimelineID(tli), End: end}, nil
}

// History fetches the history file of a timeline.
func (c *Client) History(tli wal.TimelineID) ([]byte, error) {
	rows, err := c.Query(fmt.Sprintf("TIMELINE_HISTORY %d", tli))
	if err != nil {
		return nil, fmt.Errorf("fetch history of timeline %d: %w", tli, err)
	}
	if len(rows) != 1 || len(rows[0]) != 2 || string(rows[0][0]) != wal.HistoryName(tli) {
		return nil, fmt.Errorf("fetch history of timeline %d: the answer has not the expected form", tli)
	}
	return rows[0][1], nil
}

// Command sends a command without a result set.
func (c *Client) Command(command string) error {
	_, err := c.Query(command)
	return err
}
