package app

import (
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// userTimeoutOf is after how long the kernel gives up a connection.
func userTimeoutOf(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var ms int
	outer := raw.Control(func(fd uintptr) { ms, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) })
	if outer != nil || err != nil {
		t.Fatal(outer, err)
	}
	return time.Duration(ms) * time.Millisecond
}

// A machine that is gone is noticed soon: the operator's watch stream tells a primary that it is not cut off. Who
// knows that his client may be slow can say so.
func TestHowLongAClientMayTakeNothing(t *testing.T) {
	l, err := listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs, err := dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ours, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	for whose, c := range map[string]net.Conn{"a client's": ours, "an upstream's": theirs} {
		if got := userTimeoutOf(t, c); got != 15*time.Second {
			t.Errorf("%s connection may be unacknowledged for %s", whose, got)
		}
	}
	if err := ours.(interface{ SetUnacknowledged(time.Duration) error }).SetUnacknowledged(5 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := userTimeoutOf(t, ours); got != 5*time.Minute {
		t.Errorf("after it was set to five minutes it may for %s", got)
	}
}
