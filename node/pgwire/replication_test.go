package pgwire_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/pgwire"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// An identifier answers IDENTIFY_SYSTEM and passes everything else to the SQL session.
type identifier struct{ seen chan string }

func (h *identifier) ServeReplication(ctx context.Context, c *pgwire.ReplicationConn) error {
	h.seen <- strings.Join([]string{c.User(), c.ApplicationName()}, " ")
	defer context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })()
	for {
		m, err := c.Receive()
		if err != nil {
			return nil
		}
		q, ok := m.(*pgproto3.Query)
		switch {
		case !ok:
			return nil
		case q.String == "IDENTIFY_SYSTEM":
			columns := []rmgr.Column{{Name: "systemid"}, {Name: "timeline", Type: rmgr.Int4}, {Name: "xlogpos"}, {Name: "dbname"}}
			if err := c.SendResult("IDENTIFY_SYSTEM", columns, []any{"7", int64(1), "0/1000000", nil}); err != nil {
				return err
			}
		case q.String == "DIE":
			return &rmgr.Error{Code: "58P01", Message: "the log is gone"}
		default:
			if err := c.Query(ctx, q.String); err != nil {
				return err
			}
		}
		if err := c.Ready(); err != nil {
			return err
		}
	}
}

func TestReplicationConnections(t *testing.T) {
	h := &identifier{make(chan string, 10)}
	s := serve(t, func(o *pgwire.Options) { o.Replication = h })
	for _, c := range []struct{ mode, query, want string }{
		{"true", "IDENTIFY_SYSTEM", "7|1|0/1000000|"},
		{"true", "SHOW wal_segment_size", "16MB"},
		{"true", "SELECT 1", "ERROR:  cannot execute SQL commands in WAL sender for physical replication\nexit 1"},
		{"true", "identify_system", "ERROR:  cannot execute SQL commands in WAL sender for physical replication\nexit 1"},
		{"database", "SELECT pg_catalog.set_config('search_path', '', false)", ""},
		{"database", "SELECT kv_put('a','1')", "0/1000040"},
		{"database", "SELECT nothing(", "ERROR:  syntax error at end of input\nLINE 1: SELECT nothing(\n                       ^\nexit 1"},
		{"true", "DIE", "FATAL:  the log is gone\nserver closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.\nconnection to server was lost\nexit 2"},
	} {
		t.Run(c.mode+" "+c.query, func(t *testing.T) {
			if got := run(t, "", []string{"PGAPPNAME=standby1"}, "psql", "-XAt", "-d", s.conninfo("replication="+c.mode), "-c", c.query); got != c.want {
				t.Errorf("psql printed %q, want %q", got, c.want)
			}
			if got := <-h.seen; got != "app standby1" {
				t.Errorf("the handler saw %q", got)
			}
		})
	}
	t.Run("the real pg_receivewal takes the version", func(t *testing.T) {
		got := run(t, "", nil, "pg_receivewal", "--no-loop", "-D", t.TempDir(), "-d", s.conninfo(""))
		if !strings.Contains(got, "START_REPLICATION") && !strings.Contains(got, "data_directory_mode") {
			t.Errorf("pg_receivewal printed %q", got)
		}
	})
}

func TestReplicationOutlivesShutdownAndEndsWithClose(t *testing.T) {
	ended := make(chan error, 1)
	inBubble(t, func(o *pgwire.Options) {
		o.Replication = handlerFunc(func(ctx context.Context, _ *pgwire.ReplicationConn) error {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return errors.New("this is not what the client is told")
		})
	}, func(t *testing.T, _ *fake, server *pgwire.Server, p *pipe) {
		conn := p.dial()
		conn.Write(startup("user", "app", "replication", "true"))
		f := pgproto3.NewFrontend(conn, conn)
		receive(t, f, 1)
		server.Shutdown(t.Context())
		if n := len(server.Activity()); n != 1 || server.Activity()[0].BackendType != "walsender" {
			t.Errorf("after Shutdown %d sessions are left, want the walsender", n)
		}
		go server.Close()
		if got := receive(t, f, 1); got != "ErrorResponse(57P01) end" {
			t.Errorf("the standby saw %s", got)
		}
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "administrator") {
			t.Errorf("the handler's context ended with %v", err)
		}
	})
}

// A statement that is cancelled does not take its replication connection with it.
func TestAStatementOfAReplicationConnectionCanBeCancelled(t *testing.T) {
	h := &identifier{make(chan string, 10)}
	inBubble(t, func(o *pgwire.Options) { o.Replication = h }, func(t *testing.T, fake *fake, server *pgwire.Server, p *pipe) {
		conn := p.dial()
		conn.Write(startup("user", "app", "replication", "database"))
		f := pgproto3.NewFrontend(conn, conn)
		receive(t, f, 1)
		for range 2 {
			f.Send(&pgproto3.Query{String: "SELECT wait()"})
			if err := f.Flush(); err != nil {
				t.Fatal(err)
			}
			<-fake.entered
			server.Cancel(server.Activity()[0].PID)
			if got := receive(t, f, 1); got != "RowDescription ErrorResponse(57014) ReadyForQuery(I)" {
				t.Fatalf("the statement ended with %s", got)
			}
			synctest.Wait()
		}
		f.Send(&pgproto3.Query{String: "SELECT wait()"})
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		<-fake.entered
		go server.Close()
		if got := receive(t, f, 2); got != "RowDescription ErrorResponse(57P01) ReadyForQuery(I) ErrorResponse(57P01) end" {
			t.Errorf("at the end it saw %s", got)
		}
	})
}

// What is no message is refused as such, with PostgreSQL's code.
func TestGarbageOnAReplicationConnection(t *testing.T) {
	for name, garbage := range map[string][]byte{
		"a type that is not known":   {'z', 0, 0, 0, 4},
		"a length that cannot be":    {'Q', 0, 0, 0, 2},
		"a length beyond MaxMessage": {'Q', 0x7f, 0xff, 0xff, 0xff},
		"a query without its end":    {'Q', 0, 0, 0, 8, 'S', 'H', 'O', 'W'},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(o *pgwire.Options) {
				o.Replication = handlerFunc(func(_ context.Context, c *pgwire.ReplicationConn) error {
					_, err := c.Receive()
					return err
				})
			}, func(t *testing.T, _ *fake, _ *pgwire.Server, p *pipe) {
				conn := p.dial()
				conn.Write(startup("user", "app", "replication", "true"))
				f := pgproto3.NewFrontend(conn, conn)
				receive(t, f, 1)
				conn.Write(garbage)
				if got := receive(t, f, 1); got != "ErrorResponse(08P01) end" {
					t.Errorf("the client saw %s", got)
				}
			})
		})
	}
}

// restless is a connection that notes for how long it may be unacknowledged.
type restless struct {
	net.Conn
	set chan time.Duration
}

func (r restless) SetUnacknowledged(d time.Duration) error {
	r.set <- d
	return nil
}

// What only the network can do reaches it, through TLS too, and is no error where it cannot.
func TestHowLongAReplicationConnectionMayBeUnacknowledged(t *testing.T) {
	set := make(chan time.Duration, 3)
	handler := handlerFunc(func(_ context.Context, c *pgwire.ReplicationConn) error {
		return errors.Join(c.SetUnacknowledged(7), c.SetUnacknowledged(0))
	})
	config := newAuthority(t).tls(t)
	inBubble(t, func(o *pgwire.Options) { o.Replication, o.TLS = handler, config }, func(t *testing.T, _ *fake, _ *pgwire.Server, p *pipe) {
		for _, encrypted := range []bool{false, true} {
			near, far := net.Pipe()
			p.conns <- restless{far, set}
			if encrypted {
				near.Write([]byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f})
				near.Read(make([]byte, 1))
				near = tls.Client(near, &tls.Config{InsecureSkipVerify: true})
			}
			near.Write(startup("user", "app", "replication", "true"))
			receive(t, pgproto3.NewFrontend(near, near), 2)
			for _, want := range []time.Duration{5 * time.Minute, 7, 5 * time.Minute} {
				if got := <-set; got != want {
					t.Errorf("set to %s, want %s", got, want)
				}
			}
			near.Close()
		}
		conn := p.dial()
		conn.Write(startup("user", "app", "replication", "true"))
		if got := receive(t, pgproto3.NewFrontend(conn, conn), 2); strings.Contains(got, "ErrorResponse") {
			t.Errorf("where it cannot be set: %s", got)
		}
	})
}

type handlerFunc func(ctx context.Context, c *pgwire.ReplicationConn) error

func (f handlerFunc) ServeReplication(ctx context.Context, c *pgwire.ReplicationConn) error {
	return f(ctx, c)
}
