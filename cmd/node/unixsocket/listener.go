package unixsocket

import (
	"net"

	"golang.org/x/sys/unix"
)

// Listen makes a listener of l whose connections wait for input only. Closing it closes l.
func Listen(l *net.UnixListener) net.Listener { return listener{l} }

type listener struct{ *net.UnixListener }

// Accept is net.Listener. If there are no file descriptors left for it, the connection is closed.
func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	defer accepted.Close() // which takes the socket out of Go's poller; ours is another descriptor of it
	fd, err := duplicate(accepted)
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: "unix", Addr: l.Addr(), Err: err}
	}
	c, err := newConn(fd, accepted.LocalAddr(), accepted.RemoteAddr())
	if err != nil {
		unix.Close(fd)
		return nil, &net.OpError{Op: "accept", Net: "unix", Addr: l.Addr(), Err: err}
	}
	return c, nil
}

// duplicate is another descriptor of a connection's socket, which does not block.
func duplicate(c *net.UnixConn) (fd int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	outer := raw.Control(func(of uintptr) {
		fd, err = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 0)
	})
	if outer != nil {
		return -1, outer
	}
	return fd, err
}
