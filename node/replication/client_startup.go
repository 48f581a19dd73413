package replication

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/xdg-go/scram"
)

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
	client, err := scram.SHA256.NewClient("", u.Password, "") // the server goes by the user of the startup packet
	if err != nil {
		// PostgreSQL takes passwords that SASLprep refuses as they are.
		if client, err = scram.SHA256.NewClientUnprepped("", u.Password, ""); err != nil {
			return err
		}
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
