package quietconn

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A side waits until the socket can be read, or written.
type side struct {
	c     *Conn
	epoll *os.File // has the socket in it, for one direction
	raw   syscall.RawConn
	try   func(uintptr) bool // bound once, so that no call allocates
	armed bool               // out only

	mu  sync.Mutex // held by whom the rest is for
	p   []byte
	n   int
	err error
}

// side makes an epoll instance with the socket in it.
func (c *Conn) side(events uint32) (*side, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil { // so that os hands it to the poller
		return nil, errors.Join(err, unix.Close(fd))
	}
	s := &side{c: c, epoll: os.NewFile(uintptr(fd), "epoll")}
	if err := unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, c.sock, &unix.EpollEvent{Events: events}); err != nil {
		return nil, errors.Join(err, s.epoll.Close())
	}
	if err := s.epoll.SetDeadline(time.Time{}); err != nil { // it is in no poller: nothing would wake us
		return nil, errors.Join(err, s.epoll.Close())
	}
	s.raw, err = s.epoll.SyscallConn()
	return s, err
}

// run calls try until it is done with p, and waits between the calls.
func (s *side) run(op string, p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.p, s.n, s.err = p, 0, nil
	if err := s.raw.Read(s.try); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		s.err = net.ErrClosed // as the poller says of a file
	} else if err != nil {
		s.err = err
	}
	s.p = nil
	if s.err == nil || s.err == io.EOF {
		return s.n, s.err
	}
	return s.n, &net.OpError{Op: op, Net: "unix", Source: s.c.local, Addr: s.c.remote, Err: s.err}
}

// receive reads what is there. It returns false if that is nothing.
func (s *side) receive(uintptr) bool {
	n, err := s.c.do(unix.Read, s.p)
	if err == unix.EAGAIN && s.c.linger.may(s.c.room.last.Load() == s.c && several()) {
		for i := 0; i < tries && err == unix.EAGAIN; i++ {
			n, err = s.c.do(unix.Read, s.p)
		}
		s.c.linger.ended(err != unix.EAGAIN)
	}
	if err == unix.EAGAIN {
		return false
	}
	s.c.room.heard(s.c)
	s.n, s.err = max(n, 0), os.NewSyscallError("read", err)
	if n == 0 && err == nil && len(s.p) > 0 {
		s.err = io.EOF
	}
	return true
}

// send writes what there is room for. It returns false if some is left; then the epoll instance tells
// when there is room again.
func (s *side) send(epoll uintptr) bool {
	for s.n < len(s.p) && s.err == nil {
		n, err := s.c.do(unix.Write, s.p[s.n:])
		if err == unix.EAGAIN {
			if s.err = s.arm(epoll, unix.EPOLLOUT); s.err == nil {
				return false
			}
			break
		}
		s.n, s.err = s.n+max(n, 0), os.NewSyscallError("write", err)
	}
	if s.armed {
		s.err = errors.Join(s.err, s.arm(epoll, 0))
	}
	return true
}

// arm says what the epoll instance is to tell of. It does so at once if that is the case already.
func (s *side) arm(epoll uintptr, events uint32) error {
	s.c.mu.RLock()
	defer s.c.mu.RUnlock()
	if s.c.sock < 0 {
		return net.ErrClosed
	}
	s.armed = events != 0
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(int(epoll), unix.EPOLL_CTL_MOD, s.c.sock, &unix.EpollEvent{Events: events}))
}
