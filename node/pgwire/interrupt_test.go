package pgwire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/pgwire"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/wal"
)

func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Severity + " " + e.Code + ": " + e.Message
	}
	return fmt.Sprint(err)
}

func TestCancelRequest(t *testing.T) {
	s := serve(t, nil)
	conn := connect(t, s, "")
	done := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "SELECT wait()")
		done <- err
	}()
	<-s.entered
	if err := conn.PgConn().CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := code(<-done), "ERROR 57014: canceling statement due to user request"; got != want {
		t.Errorf("the statement ended with %s, want %s", got, want)
	}
	t.Run("one that comes too late cancels nothing", func(t *testing.T) {
		if err := conn.PgConn().CancelRequest(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
			t.Error(err)
		}
	})
	t.Run("a long read without any call to wait in", func(t *testing.T) {
		_, err := conn.Exec(t.Context(), "SET statement_timeout = '50ms'")
		if err == nil {
			_, err = conn.Exec(t.Context(), "SELECT count(*) FROM generate_series(1, 1000000000000)")
		}
		if got, want := code(err), "ERROR 57014: canceling statement due to statement timeout"; got != want {
			t.Errorf("the statement ended with %s, want %s", got, want)
		}
	})
}

func TestPsqlCancelsWithControlC(t *testing.T) {
	s := serve(t, nil)
	cmd := exec.CommandContext(t.Context(), program(t, "psql"), "-XAt", "-d", s.conninfo(""), "-c", "SELECT wait()")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-s.entered
	if err := cmd.Process.Signal(interruptSignal); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if !strings.Contains(out.String(), "canceling statement due to user request") {
		t.Errorf("psql printed %q", &out)
	}
}

func TestBackendsEndEachOther(t *testing.T) {
	s := serve(t, nil)
	victim, other := connect(t, s, ""), connect(t, s, "")
	pid := victim.PgConn().PID()
	if _, err := other.Exec(t.Context(), "SELECT pg_terminate_backend($1)", pid); err != nil {
		t.Fatal(err)
	}
	var err error
	for err == nil { // as in PostgreSQL, the word is passed on when it was given, and arrives after
		_, err = victim.Exec(t.Context(), "SELECT 1")
	}
	if got, want := code(err), "FATAL 57P01: terminating connection due to administrator command"; got != want {
		t.Errorf("the victim saw %s, want %s", got, want)
	}
	var there bool
	if err := other.QueryRow(t.Context(), "SELECT pg_cancel_backend(99999)").Scan(&there); err != nil || there {
		t.Errorf("pg_cancel_backend of nobody: %v, %v", there, err)
	}
}

func TestTooManyClients(t *testing.T) {
	s := serve(t, func(o *pgwire.Options) { o.MaxConnections = 2 })
	first := connect(t, s, "")
	connect(t, s, "")
	got := run(t, "", nil, "psql", "-XAt", "-d", s.conninfo(""), "-c", "SELECT 1")
	if !strings.Contains(got, "FATAL:  sorry, too many clients already") {
		t.Errorf("psql printed %q", got)
	}
	first.Close(t.Context())
	for len(s.server.Activity()) > 1 {
		runtime.Gosched() // the server notices a moment after Close that the client left
	}
	connect(t, s, "")
}

// A pipe is a listener whose connections are net.Pipe, for bubbles of synctest.
type pipe struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipe() *pipe { return &pipe{make(chan net.Conn), make(chan struct{})} }

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error {
	close(p.done)
	return nil
}

func (p *pipe) Addr() net.Addr { return &net.UnixAddr{} }

func (p *pipe) dial() net.Conn {
	a, b := net.Pipe()
	p.conns <- b
	return a
}

// dialFrom is dial by another machine.
func (p *pipe) dialFrom(host string) net.Conn {
	a, b := net.Pipe()
	p.conns <- from{b, &net.TCPAddr{IP: net.ParseIP(host), Port: 1}}
	return a
}

// from is a connection with the address of its client.
type from struct {
	net.Conn
	addr net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.addr }

// inBubble runs fn with a server behind pipes, where an hour takes no time.
func inBubble(t *testing.T, change func(*pgwire.Options), fn func(t *testing.T, f *fake, server *pgwire.Server, p *pipe)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f, p := newFake(), newPipe()
		var server *pgwire.Server
		o := pgwire.Options{Engine: f.engine(t, time.Now, func() *pgwire.Server { return server }), Now: time.Now}
		if change != nil {
			change(&o)
		}
		server, err := pgwire.NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		go server.Serve(p)
		fn(t, f, server, p)
		server.Close()
	})
}

// login is a frontend that is ready for its first query.
func login(t *testing.T, p *pipe) (*pgproto3.Frontend, net.Conn) {
	t.Helper()
	conn := p.dial()
	if _, err := conn.Write(startup("user", "app")); err != nil {
		t.Fatal(err)
	}
	f := pgproto3.NewFrontend(conn, conn)
	receive(t, f, 1)
	return f, conn
}

func TestClientsMustProveWhoTheyAreInTime(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, _ *fake, _ *pgwire.Server, p *pipe) {
		conn := p.dial()
		begin := time.Now()
		n, err := conn.Read(make([]byte, 1))
		if took := time.Since(begin); n != 0 || err == nil || took != time.Minute {
			t.Errorf("a silent client was left after %v with %v, want after a minute", took, err)
		}
	})
}

// Connections that never prove who they are make room for those who do.
func TestClientsThatAreSilentKeepNobodyOut(t *testing.T) {
	few := func(o *pgwire.Options) { o.MaxConnections, o.MaxWALSenders = 2, 1 }
	inBubble(t, few, func(t *testing.T, _ *fake, _ *pgwire.Server, p *pipe) {
		var silent []net.Conn
		for range 10 {
			silent = append(silent, p.dial())
		}
		begin := time.Now()
		_, conn := login(t, p)
		if took := time.Since(begin); took != 0 {
			t.Errorf("a client was let in after %v", took)
		}
		conn.Close()
		silent[9].SetReadDeadline(begin.Add(time.Second))
		if _, err := silent[9].Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the one that came last was closed: %v", err)
		}
		for _, c := range silent {
			c.Close()
		}
	})
	t.Run("who opens ever more of them makes room himself", func(t *testing.T) {
		inBubble(t, few, func(t *testing.T, _ *fake, _ *pgwire.Server, p *pipe) {
			conn := p.dialFrom("192.0.2.1")
			hello := startup("user", "app")
			conn.Write(hello[:5]) // he takes his time
			var silent []net.Conn
			for range 10 {
				silent = append(silent, p.dialFrom("192.0.2.2"))
			}
			conn.Write(hello[5:])
			if got := receive(t, pgproto3.NewFrontend(conn, conn), 1); !strings.HasPrefix(got, "AuthenticationOk") {
				t.Errorf("got %s", got)
			}
			for _, c := range append(silent, conn) {
				c.Close()
			}
		})
	})
}

func TestShutdownLetsStatementsEnd(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, f *fake, server *pgwire.Server, p *pipe) {
		release := make(chan struct{})
		f.commit = func(ctx context.Context, _ wal.LSN, _ string) (*ereport.Condition, error) {
			<-release
			return nil, nil
		}
		idle, _ := login(t, p)
		busy, _ := login(t, p)
		busy.Send(&pgproto3.Query{String: "SELECT kv_put('a','1')"})
		if err := busy.Flush(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		done := make(chan struct{})
		go func() {
			server.Shutdown(t.Context())
			close(done)
		}()
		if got := receive(t, idle, 1); got != "ErrorResponse(57P01) end" {
			t.Errorf("the idle client saw %s", got)
		}
		close(release)
		if got := receive(t, busy, 2); got != "RowDescription DataRow(0/1000040) CommandComplete(SELECT 1) ReadyForQuery(I) ErrorResponse(57P01) end" {
			t.Errorf("the busy client saw %s", got)
		}
		<-done
	})
}

func TestDrainWaitsForClientsToLeaveByThemselves(t *testing.T) {
	for name, leaves := range map[string]bool{"it leaves": true, "it stays": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, f *fake, server *pgwire.Server, p *pipe) {
				client, conn := login(t, p)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				begin, done := time.Now(), make(chan struct{})
				go func() {
					server.Drain(ctx)
					close(done)
				}()
				synctest.Wait()
				client.Send(&pgproto3.Query{String: "SELECT kv_put('a','1')"})
				if err := client.Flush(); err != nil {
					t.Fatal(err)
				}
				if got := receive(t, client, 1); got != "RowDescription DataRow(0/1000040) CommandComplete(SELECT 1) ReadyForQuery(I)" {
					t.Errorf("while the server waits the client sees %s", got)
				}
				want := 30 * time.Second
				if leaves {
					conn.Close()
					want = 0
				}
				<-done
				if took := time.Since(begin); took != want {
					t.Errorf("waited %v, want %v", took, want)
				}
			})
		})
	}
}

func TestShutdownCancelsWhatTakesTooLong(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, f *fake, server *pgwire.Server, p *pipe) {
		busy, _ := login(t, p)
		busy.Send(&pgproto3.Query{String: "SELECT wait()"})
		busy.Flush()
		<-f.entered
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		begin := time.Now()
		go server.Shutdown(ctx)
		got := receive(t, busy, 2)
		if took := time.Since(begin); got != "RowDescription ErrorResponse(57P01) ReadyForQuery(I) ErrorResponse(57P01) end" || took != 30*time.Second {
			t.Errorf("after %v the client saw %s", took, got)
		}
	})
}

// No byte of an answer leaves before the log it speaks of is safe.
func TestAnswersWaitForTheLog(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, f *fake, _ *pgwire.Server, p *pipe) {
		safe := time.Duration(0)
		f.commit = func(ctx context.Context, _ wal.LSN, level string) (*ereport.Condition, error) {
			select {
			case <-time.After(time.Minute):
				safe += time.Minute
				return nil, nil
			case <-ctx.Done():
				return &ereport.Condition{Code: "01000", Message: "not confirmed by any standby"}, nil
			}
		}
		client, _ := login(t, p)
		begin := time.Now()
		client.Send(&pgproto3.Query{String: "SELECT kv_put('a','1'); SELECT 1"})
		if got := receive(t, client, 1); safe != time.Minute || time.Since(begin) != time.Minute {
			t.Errorf("%s arrived after %v", got, time.Since(begin))
		}
	})
}

func TestAWriteThatMustNotBeAcknowledgedIsNot(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, f *fake, _ *pgwire.Server, p *pipe) {
		f.commit = func(context.Context, wal.LSN, string) (*ereport.Condition, error) { return nil, errors.New("deposed") }
		client, _ := login(t, p)
		client.Send(&pgproto3.Query{String: "SELECT 'before'; SELECT kv_put('a','1'); SELECT 'after'"})
		if got, want := receive(t, client, 1), "RowDescription DataRow(before) CommandComplete(SELECT 1) ErrorResponse(XX000) ReadyForQuery(I)"; got != want {
			t.Errorf("simple query: got %s\nwant %s", got, want)
		}
		client.Send(&pgproto3.Parse{Query: "SELECT kv_put('a','1')"})
		client.Send(&pgproto3.Bind{})
		client.Send(&pgproto3.Execute{})
		client.Send(&pgproto3.Sync{})
		if got, want := receive(t, client, 1), "ParseComplete BindComplete ErrorResponse(XX000) ReadyForQuery(I)"; got != want {
			t.Errorf("extended query: got %s\nwant %s", got, want)
		}
	})
}

func TestACancelledWaitForStandbysIsAWarning(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, f *fake, server *pgwire.Server, p *pipe) {
		f.commit = func(ctx context.Context, _ wal.LSN, _ string) (*ereport.Condition, error) {
			<-ctx.Done()
			return &ereport.Condition{Code: "01000", Message: "canceling wait for synchronous replication"}, nil
		}
		client, _ := login(t, p)
		client.Send(&pgproto3.Query{String: "SELECT kv_put('a','1')"})
		client.Flush()
		synctest.Wait()
		server.Cancel(server.Activity()[0].PID)
		if got, want := receive(t, client, 1), "RowDescription DataRow(0/1000040) CommandComplete(SELECT 1) NoticeResponse(01000) ReadyForQuery(I)"; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		client.Send(&pgproto3.Query{String: "SELECT 1"})
		if got := receive(t, client, 1); !strings.HasSuffix(got, "CommandComplete(SELECT 1) ReadyForQuery(I)") {
			t.Errorf("the next statement: %s", got)
		}
	})
}

// A client that does not take its answer must not hold pages for ever.
func TestAClientThatDoesNotReadIsLeft(t *testing.T) {
	inBubble(t, func(o *pgwire.Options) { o.ResultBuffer = 1000 }, func(t *testing.T, f *fake, server *pgwire.Server, p *pipe) {
		client, conn := login(t, p)
		for i := range 100 {
			f.values[fmt.Sprint("key", i)] = strings.Repeat("v", 100)
		}
		begin := time.Now()
		client.Send(&pgproto3.Query{String: "SELECT * FROM kv_range('a','z')"})
		client.Flush()
		synctest.Wait() // the reader has the pages and sits on its answer
		other, _ := login(t, p)
		other.Send(&pgproto3.Query{String: "SELECT kv_put('a','1')"})
		receive(t, other, 1)
		if took := time.Since(begin); took != 30*time.Second {
			t.Errorf("the writer waited %v for a reader that does not read, want 30 s", took)
		}
		conn.Close()
	})
}

// A row may be large and the network slow: what counts is that the client takes something.
func TestALargeRowMayBeTakenSlowly(t *testing.T) {
	inBubble(t, func(o *pgwire.Options) { o.ResultBuffer = 1000 }, func(t *testing.T, f *fake, _ *pgwire.Server, p *pipe) {
		client, conn := login(t, p)
		value := strings.Repeat("v", 20_000)
		f.values["key"] = value
		client.Send(&pgproto3.Query{String: "SELECT * FROM kv_range('a','z')"})
		client.Flush()
		var got []byte
		for begin, some := time.Now(), make([]byte, 200); !bytes.Contains(got, []byte("SELECT 1")); time.Sleep(time.Second) {
			n, err := conn.Read(some)
			if got = append(got, some[:n]...); err != nil {
				t.Fatalf("after %v and %d bytes: %v", time.Since(begin), len(got), err)
			}
		}
		if !bytes.Contains(got, []byte(value)) {
			t.Errorf("%d bytes came, and not the value", len(got))
		}
		conn.Close()
	})
}

func TestLimitsOfMessages(t *testing.T) {
	for _, c := range []struct {
		name string
		send []byte
		want string
	}{
		{"a startup packet of 10,001 bytes", []byte{0, 0, 0x27, 0x15}, "ErrorResponse(08P01) end"},
		{"a negative length", []byte{0xff, 0xff, 0xff, 0xff}, "ErrorResponse(08P01) end"},
		{"protocol 2", []byte{0, 0, 0, 9, 0, 2, 0, 0, 0}, "ErrorResponse(0A000) end"},
		{"no terminator", []byte{0, 0, 0, 9, 0, 3, 0, 0, 'x'}, "ErrorResponse(08P01) end"},
		{"no user", startup("database", "x"), "ErrorResponse(28000) end"},
		{"an unknown setting", startup("user", "x", "no_such", "1"), "AuthenticationOk ErrorResponse(42704) end"},
		{"replication without a handler", startup("user", "x", "replication", "true"), "ErrorResponse(0A000) end"},
		{"replication of no known kind", startup("user", "x", "replication", "maybe"), "ErrorResponse(22023) end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, _ *fake, _ *pgwire.Server, p *pipe) {
				conn := p.dial()
				go conn.Write(c.send)
				if got := receive(t, pgproto3.NewFrontend(conn, conn), 1); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				conn.Close()
			})
		})
	}
	t.Run("a query longer than MaxMessage", func(t *testing.T) {
		inBubble(t, func(o *pgwire.Options) { o.MaxMessage = 1000 }, func(t *testing.T, _ *fake, _ *pgwire.Server, p *pipe) {
			f, conn := login(t, p)
			go conn.Write([]byte{'Q', 0, 0, 0x10, 0})
			if got := receive(t, f, 1); got != "ErrorResponse(08P01) end" {
				t.Errorf("got %s", got)
			}
		})
	})
}

func TestANewerMinorVersionIsNegotiated(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, _ *fake, _ *pgwire.Server, p *pipe) {
		conn := p.dial()
		hello := startup("user", "app", "_pq_.new", "1")
		hello[7] = 2
		go conn.Write(hello)
		if got := receive(t, pgproto3.NewFrontend(conn, conn), 1); !strings.HasPrefix(got, "NegotiateProtocolVersion AuthenticationOk") {
			t.Errorf("got %s", got)
		}
	})
}
