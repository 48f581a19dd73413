package unixsocket

import (
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/net/nettest"
)

// The kit for connections of Go's own network packages: reading, writing, deadlines and closing, from
// several goroutines.
func TestConnectionsAreOnesOfTheNetPackage(t *testing.T) {
	nettest.TestConn(t, func() (ours, theirs net.Conn, stop func(), err error) {
		ours, theirs = connect(t)
		return ours, theirs, func() { ours.Close(); theirs.Close() }, nil
	})
}

func TestAnAnswerLongerThanTheSocketHoldsWaitsForRoom(t *testing.T) {
	ours, theirs := connect(t)
	answer := make([]byte, 8<<20)
	for i := range answer {
		answer[i] = byte(i * 7)
	}
	sent := make(chan error, 1)
	go func() {
		_, err := ours.Write(answer)
		sent <- errors.Join(err, ours.Close())
	}()
	got, err := io.ReadAll(theirs)
	if err != nil || string(got) != string(answer) {
		t.Fatalf("the client got %d bytes (%v), want the %d that were sent", len(got), err, len(answer))
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if ours.out.ready.watching {
		t.Error("room is still waited for when all was sent")
	}
}

func TestCloseEndsWhoeverWaits(t *testing.T) {
	ours, _ := connect(t)
	reads, writes := waiting(&ours.in), waiting(&ours.out)
	ended := make(chan error, 2)
	go func() {
		_, err := ours.Read(make([]byte, 1))
		ended <- err
	}()
	go func() {
		_, err := ours.Write(make([]byte, 8<<20)) // nobody reads
		ended <- err
	}()
	<-reads
	<-writes
	if err := ours.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("it ends with %v, want %v", err, net.ErrClosed)
		}
	}
	if err := ours.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a second Close returns %v, want %v", err, net.ErrClosed)
	}
}

// waiting tells when a call finds that it has to wait.
func waiting(h *half) <-chan struct{} {
	waits, step := make(chan struct{}, 1), h.step
	h.step = func(fd uintptr) bool {
		done := step(fd)
		if !done {
			select {
			case waits <- struct{}{}:
			default:
			}
		}
		return done
	}
	return waits
}

// connect is a connection's two ends: what a listener of ours accepted, and a client's.
func connect(t *testing.T) (*conn, *net.UnixConn) {
	t.Helper()
	l := listen(t)
	theirs, err := net.DialUnix("unix", nil, l.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return accepted.(*conn), theirs
}
