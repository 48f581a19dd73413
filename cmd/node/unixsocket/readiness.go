package unixsocket

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A readiness is an epoll instance in Go's poller that is readable when its socket is ready for some
// events, if it watches them.
type readiness struct {
	file     *os.File
	raw      syscall.RawConn
	epoll    int
	socket   int
	events   uint32
	watching bool
}

func newReadiness(socket int, events uint32) (*readiness, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(epoll, true); err != nil { // which os.NewFile takes for: to be polled
		unix.Close(epoll)
		return nil, os.NewSyscallError("fcntl", err)
	}
	r := &readiness{file: os.NewFile(uintptr(epoll), "epoll"), epoll: epoll, socket: socket, events: events}
	if r.raw, err = r.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, r.file.Close())
	}
	return r, nil
}

// watch begins to look at the socket. If it is ready already, that counts.
func (r *readiness) watch() error {
	if r.watching {
		return nil
	}
	event := unix.EpollEvent{Events: r.events, Fd: int32(r.socket)}
	if err := unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, r.socket, &event); err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	r.watching = true
	return nil
}

func (r *readiness) unwatch() {
	if r.watching {
		_ = unix.EpollCtl(r.epoll, unix.EPOLL_CTL_DEL, r.socket, nil) // it was added
		r.watching = false
	}
}

// wait calls try until it returns true, at once and then whenever the socket has become ready. It returns
// early, with an error, when the deadline passes or close is called. One goroutine at a time.
func (r *readiness) wait(try func(uintptr) bool) error { return r.raw.Read(try) }

// close ends wait and returns when try is not running and will not be called again.
func (r *readiness) close() error { return r.file.Close() }
