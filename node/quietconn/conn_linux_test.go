package quietconn_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/redoubt-wal/redoubt/node/quietconn"
)

// pair is a server's connection, wrapped, and its client's.
func pair(t testing.TB, room *quietconn.Room) (served, client net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("unix", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	served = room.Wrap(conn)
	if _, ok := served.(*quietconn.Conn); !ok {
		t.Fatalf("got a %T", served)
	}
	t.Cleanup(func() { served.Close(); client.Close() })
	return served, client
}

func TestAConnIsANetConn(t *testing.T) {
	var room quietconn.Room
	for name, swapped := range map[string]bool{"served": false, "client": true} {
		t.Run(name, func(t *testing.T) {
			nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
				served, client := pair(t, &room)
				if swapped {
					served, client = client, served
				}
				return served, client, func() { served.Close(); client.Close() }, nil
			})
		})
	}
}

func TestAnAnswerThatFillsTheSocketIsWrittenWhole(t *testing.T) {
	served, client := pair(t, new(quietconn.Room))
	answer := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB: more than any socket takes at once
	for range 2 {                                             // and the second time as the first
		written := make(chan error, 1)
		go func() { _, err := served.Write(answer); written <- err }()
		got := make([]byte, len(answer))
		if _, err := io.ReadFull(client, got); err != nil {
			t.Fatal(err)
		}
		if err := <-written; err != nil || !bytes.Equal(got, answer) {
			t.Fatalf("write: %v; the same bytes: %v", err, bytes.Equal(got, answer))
		}
	}
}

func TestCloseInterruptsBothSides(t *testing.T) {
	served, client := pair(t, new(quietconn.Room))
	ended := make(chan error, 2)
	go func() { _, err := served.Read(make([]byte, 1)); ended <- err }()
	go func() {
		for {
			if _, err := served.Write(make([]byte, 1<<20)); err != nil {
				ended <- err
				return
			}
		}
	}()
	if _, err := io.ReadFull(client, make([]byte, 1<<16)); err != nil { // the writer has begun
		t.Fatal(err)
	}
	if err := served.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v, want %v", err, net.ErrClosed)
		}
	}
	if err := served.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a second Close: got %v, want %v", err, net.ErrClosed)
	}
}

func TestAClientThatLeavesIsTheEnd(t *testing.T) {
	served, client := pair(t, new(quietconn.Room))
	client.Close()
	if n, err := served.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("got %d, %v, want 0, EOF", n, err)
	}
}

func TestOtherConnectionsStayAsTheyAre(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	defer a.Close()
	if got := new(quietconn.Room).Wrap(a); got != a {
		t.Errorf("got %T, want the pipe", got)
	}
}

func TestAMessageAllocatesNothing(t *testing.T) {
	served, client := pair(t, new(quietconn.Room))
	p := make([]byte, 64)
	n := testing.AllocsPerRun(100, func() {
		if _, err := client.Write(p); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(served, p); err != nil {
			t.Fatal(err)
		}
		if _, err := served.Write(p); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(client, p); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for a message and its answer", n)
	}
}
