package quietconn

import (
	"io"
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// tells reports whether a side's epoll instance would wake the runtime's poller.
func tells(t *testing.T, s *side) (ready bool) {
	t.Helper()
	err := s.raw.Control(func(fd uintptr) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		if err != nil {
			t.Error(err)
		}
		ready = n > 0
	})
	if err != nil {
		t.Fatal(err)
	}
	return ready
}

func TestRoomIsNoNews(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	var room Room
	c := room.Wrap(conn).(*Conn)
	defer c.Close()

	exchange := func(from, to net.Conn, n int) {
		t.Helper()
		sent := make(chan error, 1)
		go func() { _, err := from.Write(make([]byte, n)); sent <- err }()
		if _, err := io.ReadFull(to, make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
	for what, n := range map[string]int{"short": 100, "longer than the socket holds": 4 << 20} {
		exchange(c, client, n)
		if tells(t, c.in) || tells(t, c.out) {
			t.Errorf("an answer that is %s and was taken wakes the poller: reader %v, writer %v", what, tells(t, c.in), tells(t, c.out))
		}
	}
	if _, err := client.Write([]byte("m")); err != nil {
		t.Fatal(err)
	}
	if !tells(t, c.in) || tells(t, c.out) {
		t.Errorf("a message is there: reader told %v, writer told %v", tells(t, c.in), tells(t, c.out))
	}
}
