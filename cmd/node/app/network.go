package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redoubt-wal/redoubt/cmd/node/unixsocket"
)

// unacknowledged is after how long a connection counts as dead although neither side closed it: a
// partition must not leave a watch stream or a replication stream looking alive.
const unacknowledged = 15 * time.Second

// dial connects; a dead peer is noticed within unacknowledged. A host that is an absolute path is the
// directory of a server's socket, as libpq has it.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	if dir, port, err := net.SplitHostPort(address); err == nil && filepath.IsAbs(dir) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, ".s.PGSQL."+port))
	}
	d := net.Dialer{Timeout: 5 * time.Second, KeepAliveConfig: keepAlive, Control: impatient}
	return d.DialContext(ctx, network, address)
}

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 2}

// listen opens a listener. A socket file that nobody listens on is left over from a crash and taken.
func listen(network, address string) (net.Listener, error) {
	if network == "unix" {
		return listenUnix(address)
	}
	c := net.ListenConfig{KeepAliveConfig: keepAlive, Control: impatient}
	l, err := c.Listen(context.Background(), network, address)
	if err != nil {
		return nil, err
	}
	return listener{l}, nil
}

// A listener's connections can be given another patience than unacknowledged.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if t, ok := c.(*net.TCPConn); ok {
		c = accepted{t}
	}
	return c, err
}

type accepted struct{ *net.TCPConn }

// SetUnacknowledged bounds how long sent bytes may stay unacknowledged, or the client's buffers full.
func (c accepted) SetUnacknowledged(d time.Duration) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return userTimeout(raw, d)
}

func listenUnix(path string) (net.Listener, error) {
	if _, err := os.Lstat(path); err == nil {
		if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
			conn.Close()
			return nil, fmt.Errorf("somebody listens on %s already", path)
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	return unixsocket.Listen(l), os.Chmod(path, 0o600)
}

func impatient(_, _ string, c syscall.RawConn) error { return userTimeout(c, unacknowledged) }

// userTimeout bounds how long sent bytes may stay unacknowledged, or untaken while the peer's buffers are full.
func userTimeout(c syscall.RawConn, d time.Duration) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
	return errors.Join(err, failed)
}
