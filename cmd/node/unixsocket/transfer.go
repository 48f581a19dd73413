package unixsocket

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// A half is one direction. What it transfers is kept here so that a call allocates nothing.
type half struct {
	mu    sync.Mutex // one Read, one Write at a time
	ready *readiness
	step  func(uintptr) bool // bound once
	p     []byte
	n     int
	err   error
}

func (h *half) do(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.p, h.n, h.err = p, 0, nil
	err = h.ready.wait(h.step)
	h.p = nil
	if h.err != nil {
		err = h.err
	}
	return h.n, err
}

// read takes what is there; false if nothing is.
func (c *conn) read(uintptr) bool {
	n, err := ignoringInterrupts(unix.Read, c.fd, c.in.p)
	if err == unix.EAGAIN {
		return false
	}
	c.in.n, c.in.err = max(n, 0), os.NewSyscallError("read", err)
	return true
}

// write gives the socket what it takes, and is to be called again, when there is room, with the rest.
func (c *conn) write(uintptr) bool {
	for c.out.n < len(c.out.p) {
		n, err := ignoringInterrupts(unix.Write, c.fd, c.out.p[c.out.n:])
		switch {
		case err == unix.EAGAIN:
			if err := c.out.ready.watch(); err != nil {
				c.out.err = err
				return true
			}
			return false
		case err != nil:
			c.out.err = os.NewSyscallError("write", err)
			return true
		}
		c.out.n += n
	}
	c.out.ready.unwatch()
	return true
}

func ignoringInterrupts(call func(int, []byte) (int, error), fd int, p []byte) (int, error) {
	for {
		n, err := call(fd, p)
		if err != unix.EINTR {
			return n, err
		}
	}
}
