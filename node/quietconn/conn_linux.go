package quietconn

import (
	"errors"
	"net"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Wrap returns a connection in place of conn, which it closes, or conn itself if that is no Unix-domain
// socket of the kernel or the descriptors cannot be had.
func (r *Room) Wrap(conn net.Conn) net.Conn {
	u, ok := conn.(*net.UnixConn)
	if !ok {
		return conn
	}
	c, err := r.take(u)
	if err != nil {
		return conn
	}
	return c
}

// A Conn is a connection over a Unix-domain socket. As with any net.Conn one goroutine may read while
// another writes, and Close and deadlines interrupt both.
type Conn struct {
	room          *Room
	linger        linger
	local, remote net.Addr
	in, out       *side

	mu   sync.RWMutex // held for writing only to close
	sock int          // -1: closed
}

// take moves the socket of u into a Conn.
func (r *Room) take(u *net.UnixConn) (c *Conn, err error) {
	sock, err := duplicate(u)
	if err != nil {
		return nil, err
	}
	c = &Conn{room: r, local: u.LocalAddr(), remote: u.RemoteAddr(), sock: sock}
	if c.in, err = c.side(unix.EPOLLIN | unix.EPOLLRDHUP); err != nil {
		return nil, errors.Join(err, unix.Close(sock))
	}
	if c.out, err = c.side(0); err != nil {
		return nil, errors.Join(err, c.in.epoll.Close(), unix.Close(sock))
	}
	c.in.try, c.out.try = c.in.receive, c.out.send
	u.Close() // the socket stays open through the duplicate, and leaves the runtime's poller
	return c, nil
}

// duplicate is another descriptor for a socket, which the runtime's poller does not know.
func duplicate(u *net.UnixConn) (sock int, err error) {
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, err
	}
	failed := raw.Control(func(fd uintptr) { sock, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	return sock, errors.Join(failed, err)
}

// do makes a system call that does not block.
func (c *Conn) do(call func(int, []byte) (int, error), p []byte) (int, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.sock < 0 {
		return 0, net.ErrClosed
	}
	for {
		n, err := call(c.sock, p)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// Read is net.Conn's.
func (c *Conn) Read(p []byte) (int, error) { return c.in.run("read", p) }

// Write is net.Conn's: it returns when all of p was taken, or with an error. Others who have something to
// write at the same time, as the members of a commit group have, do so before this goroutine goes on:
// their clients get busy, and when it reads, more often something is there.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.out.run("write", p)
	runtime.Gosched()
	return n, err
}

// Close ends the connection. Who reads or writes gets net.ErrClosed.
func (c *Conn) Close() error {
	c.room.left(c)
	err := errors.Join(c.in.epoll.Close(), c.out.epoll.Close())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sock < 0 {
		return net.ErrClosed
	}
	err = errors.Join(err, unix.Close(c.sock))
	c.sock = -1
	return err
}

// LocalAddr is the listener's path.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the client's, mostly without a name.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline is SetReadDeadline and SetWriteDeadline.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline is net.Conn's.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.in.epoll.SetReadDeadline(t) }

// SetWriteDeadline is net.Conn's: of the epoll instance too, which is read to wait for room.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.out.epoll.SetReadDeadline(t) }
