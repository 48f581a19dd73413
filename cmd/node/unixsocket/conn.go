package unixsocket

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A conn is a connection. All methods may be called at any time, from any goroutine.
type conn struct {
	fd            int
	in, out       half
	local, remote net.Addr
	closed        atomic.Bool
}

func newConn(fd int, local, remote net.Addr) (*conn, error) {
	c := &conn{fd: fd, local: local, remote: remote}
	var err error
	if c.in.ready, err = newReadiness(fd, unix.EPOLLIN|unix.EPOLLRDHUP); err != nil {
		return nil, err
	}
	if c.out.ready, err = newReadiness(fd, unix.EPOLLOUT); err != nil {
		return nil, errors.Join(err, c.in.ready.close())
	}
	c.in.step, c.out.step = c.read, c.write
	if err := c.in.ready.watch(); err != nil {
		return nil, errors.Join(err, c.in.ready.close(), c.out.ready.close())
	}
	return c, nil
}

// Read is net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := c.in.do(p)
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return n, c.wrap("read", err)
}

// Write is net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.out.do(p)
	return n, c.wrap("write", err)
}

// Close is net.Conn. The peer sees the end when no Read and no Write is under way here any more.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return c.wrap("close", net.ErrClosed)
	}
	return errors.Join(c.in.ready.close(), c.out.ready.close(), os.NewSyscallError("close", unix.Close(c.fd)))
}

// LocalAddr is net.Conn.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is net.Conn.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline is net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline is net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error {
	return c.wrap("set", c.in.ready.file.SetReadDeadline(t))
}

// SetWriteDeadline is net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.wrap("set", c.out.ready.file.SetReadDeadline(t))
}

// wrap makes an error one of the net package's. One that comes with Close is its doing.
func (c *conn) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if c.closed.Load() {
		err = net.ErrClosed
	}
	return &net.OpError{Op: op, Net: "unix", Source: c.local, Addr: c.remote, Err: err}
}
