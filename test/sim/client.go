package sim

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// A Client is a connection to a node that runs SQL.
type Client struct {
	conn net.Conn
	wire *pgproto3.Frontend
}

// Connect connects from a host to a node's SQL port.
func Connect(ctx context.Context, n *Network, from, to string) (*Client, error) {
	conn, err := n.Dial(ctx, from, to+":5432")
	if err != nil {
		return nil, err
	}
	c := &Client{conn: conn, wire: pgproto3.NewFrontend(conn, conn)}
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	c.wire.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "postgres", "application_name": from}})
	if err := c.wire.Flush(); err != nil {
		conn.Close()
		return nil, err
	}
	if _, err := c.answer(); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection.
func (c *Client) Close() { c.conn.Close() }

// Query runs one statement and returns its rows as text. A server's refusal is a
// *pgproto3.ErrorResponse in the error, anything else means that its fate is unknown.
func (c *Client) Query(sql string, within time.Duration) ([][]string, error) {
	c.conn.SetDeadline(time.Now().Add(within))
	c.wire.Send(&pgproto3.Query{String: sql})
	if err := c.wire.Flush(); err != nil {
		return nil, err
	}
	return c.answer()
}

// A Refusal is an error that the server answered with.
type Refusal struct{ Code, Message string }

func (r *Refusal) Error() string { return fmt.Sprintf("%s: %s", r.Code, r.Message) }

func (c *Client) answer() (rows [][]string, err error) {
	var refusal error
	for {
		m, err := c.wire.Receive()
		if err != nil {
			if refusal != nil {
				return nil, refusal
			}
			return nil, err
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			refusal = &Refusal{m.Code, m.Message}
		case *pgproto3.DataRow:
			row := make([]string, len(m.Values))
			for i, v := range m.Values {
				row[i] = string(v)
			}
			rows = append(rows, row)
		case *pgproto3.ReadyForQuery:
			return rows, refusal
		}
	}
}
