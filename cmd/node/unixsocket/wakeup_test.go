package unixsocket

import (
	"io"
	"testing"

	"golang.org/x/sys/unix"
)

// asGo is what Go's poller waits for (runtime/netpoll_epoll.go).
const asGo = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET&0xffffffff

// What Go's poller hears of a connection when the client takes an answer, in turn with Go's own connection.
func TestWhoReadsAnAnswerWakesNobody(t *testing.T) {
	ours, theirs := connect(t)
	for _, c := range []struct {
		about  string
		polled int
		wakes  int
	}{
		{"a socket that is watched for both directions", ours.fd, 1},
		{"what stands in its place in Go's poller", ours.in.ready.epoll, 0},
	} {
		t.Run(c.about, func(t *testing.T) {
			poller, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(poller)
			if err := unix.EpollCtl(poller, unix.EPOLL_CTL_ADD, c.polled, &unix.EpollEvent{Events: asGo}); err != nil {
				t.Fatal(err)
			}
			if _, err := ours.Write([]byte("answer")); err != nil {
				t.Fatal(err)
			}
			events(t, poller, 0) // what is so from the beginning
			if _, err := io.ReadFull(theirs, make([]byte, len("answer"))); err != nil {
				t.Fatal(err)
			}
			if n := events(t, poller, 50); n != c.wakes {
				t.Errorf("the poller is woken %d times, want %d", n, c.wakes)
			}
			if _, err := theirs.Write([]byte("request")); err != nil {
				t.Fatal(err)
			}
			if n := events(t, poller, 5000); n != 1 {
				t.Errorf("a request wakes the poller %d times, want once", n)
			}
			if _, err := io.ReadFull(ours, make([]byte, len("request"))); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// events is how many events an epoll has within so many milliseconds.
func events(t *testing.T, epoll, milliseconds int) int {
	t.Helper()
	var got [4]unix.EpollEvent
	for {
		n, err := unix.EpollWait(epoll, got[:], milliseconds)
		if err == nil {
			return n
		}
		if err != unix.EINTR {
			t.Fatal(err)
		}
	}
}
