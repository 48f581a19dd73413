package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A Network connects hosts by name. Links between two of them can be cut and healed.
type Network struct {
	mu        sync.Mutex
	delay     func() time.Duration // of the next bytes sent; nil is none
	listeners map[string]*listener // by "host:port"
	conns     map[*conn]bool
	cut       map[[2]string]bool
	changed   chan struct{} // closed when a link changes
}

// NewNetwork returns a network without hosts.
func NewNetwork() *Network {
	return &Network{listeners: map[string]*listener{}, conns: map[*conn]bool{}, cut: map[[2]string]bool{}, changed: make(chan struct{})}
}

// Delay makes what is sent arrive later, in order; delay is asked for each write, never by two at a time.
func (n *Network) Delay(delay func() time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delay = delay
}

// arrival is when what is sent now arrives.
func (n *Network) arrival() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.delay == nil {
		return time.Time{}
	}
	return time.Now().Add(n.delay())
}

func link(a, b string) [2]string {
	if a > b {
		a, b = b, a
	}
	return [2]string{a, b}
}

// Cut drops everything between a and b: connections stay open and silent, new ones time out.
func (n *Network) Cut(a, b string) { n.set(a, b, true) }

// Heal ends a cut; what was sent meanwhile arrives.
func (n *Network) Heal(a, b string) { n.set(a, b, false) }

func (n *Network) set(a, b string, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[link(a, b)] = cut
	close(n.changed)
	n.changed = make(chan struct{})
}

func (n *Network) isCut(a, b string) (bool, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cut[link(a, b)], n.changed
}

// Kill ends a host's processes: its listeners and connections are gone, and peers that can be
// reached see a reset.
func (n *Network) Kill(host string) {
	n.mu.Lock()
	var gone []*conn
	for c := range n.conns {
		if c.host == host {
			gone = append(gone, c)
		}
	}
	var listeners []*listener
	for _, l := range n.listeners {
		if l.host == host {
			listeners = append(listeners, l)
		}
	}
	n.mu.Unlock()
	for _, l := range listeners {
		l.Close()
	}
	for _, c := range gone {
		c.reset()
	}
}

// Listen opens a port of host; its name stands for every address.
func (n *Network) Listen(host, network, address string) (net.Listener, error) {
	if network != "tcp" {
		return nil, fmt.Errorf("no %s sockets here", network)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	key := net.JoinHostPort(host, port)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[key] != nil {
		return nil, fmt.Errorf("listen %s: %w", key, syscall.EADDRINUSE)
	}
	l := &listener{net: n, host: host, key: key, queue: make(chan net.Conn, 16), done: make(chan struct{})}
	n.listeners[key] = l
	return l, nil
}

// Dial connects host to address ("name:port").
func (n *Network) Dial(ctx context.Context, host, address string) (net.Conn, error) {
	peer, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	timeout := time.NewTimer(5 * time.Second)
	defer timeout.Stop()
	for {
		cut, changed := n.isCut(host, peer)
		if !cut {
			return n.connect(host, peer, address)
		}
		select {
		case <-changed:
		case <-timeout.C:
			return nil, fmt.Errorf("dial %s: %w", address, os.ErrDeadlineExceeded)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (n *Network) connect(host, peer, address string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.listeners[address]
	if l == nil {
		return nil, fmt.Errorf("dial %s: %w", address, syscall.ECONNREFUSED)
	}
	there, back := newPipe(), newPipe()
	near := &conn{net: n, host: host, peer: peer, in: back, out: there, addr: address}
	far := &conn{net: n, host: peer, peer: host, in: there, out: back, addr: host + ":40000"}
	select {
	case l.queue <- far:
		n.conns[near], n.conns[far] = true, true
		return near, nil
	default:
		return nil, fmt.Errorf("dial %s: %w", address, syscall.ECONNREFUSED)
	}
}

type listener struct {
	net       *Network
	host, key string
	queue     chan net.Conn
	done      chan struct{}
	once      sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		l.net.mu.Lock()
		delete(l.net.listeners, l.key)
		l.net.mu.Unlock()
		close(l.done)
	})
	return nil
}

func (l *listener) Addr() net.Addr { return addr(l.key) }

// addr is an address in memory.
type addr string

func (addr) Network() string  { return "pipe" }
func (a addr) String() string { return string(a) }

// window is how much may be under way in one direction.
const window = 256 << 10

// A pipe is one direction of a connection.
type pipe struct {
	mu      sync.Mutex
	buf     []byte
	under   []flight // what of buf is under way, oldest first
	closed  bool     // by the writer: the reader gets what is left, then EOF
	reset   bool
	changed chan struct{}
}

// A flight is a number of bytes that arrive at a time.
type flight struct {
	n  int
	at time.Time
}

// arrived is how much of buf can be read now, and when more can. Called with mu held.
func (p *pipe) arrived() (n int, next time.Time) {
	now := time.Now()
	for _, f := range p.under {
		if f.at.After(now) {
			return n, f.at
		}
		n += f.n
	}
	return n, time.Time{}
}

// taken forgets n bytes that were read. Called with mu held.
func (p *pipe) taken(n int) {
	p.buf = p.buf[n:]
	for n > 0 {
		f := &p.under[0]
		part := min(n, f.n)
		f.n -= part
		n -= part
		if f.n == 0 {
			p.under = p.under[1:]
		}
	}
}

func newPipe() *pipe { return &pipe{changed: make(chan struct{})} }

// touch wakes both ends. Called with mu held.
func (p *pipe) touch() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// conn is one end of a connection.
type conn struct {
	net        *Network
	host, peer string
	in, out    *pipe
	addr       string

	mu            sync.Mutex
	closed        bool
	read, written deadline
}

// A deadline is a moment after which waiting ends; changed is closed when it is moved.
type deadline struct {
	at      time.Time
	changed chan struct{}
}

func (c *conn) deadline(d *deadline) (time.Time, <-chan struct{}, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.changed == nil {
		d.changed = make(chan struct{})
	}
	return d.at, d.changed, c.closed
}

func (c *conn) move(d *deadline, t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d.at = t
	if d.changed != nil {
		close(d.changed)
	}
	d.changed = make(chan struct{})
}

// await waits until one of the channels is closed, something arrives, or the deadline has come.
func (c *conn) await(d *deadline, a, b <-chan struct{}, arrives time.Time) error {
	at, moved, closed := c.deadline(d)
	if closed {
		return net.ErrClosed
	}
	var expired <-chan time.Time
	if !at.IsZero() {
		left := time.Until(at)
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		timer := time.NewTimer(left)
		defer timer.Stop()
		expired = timer.C
	}
	var arrived <-chan time.Time
	if !arrives.IsZero() {
		timer := time.NewTimer(time.Until(arrives))
		defer timer.Stop()
		arrived = timer.C
	}
	select {
	case <-a:
	case <-b:
	case <-moved:
	case <-arrived:
	case <-expired:
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (c *conn) Read(b []byte) (int, error) {
	for {
		cut, healed := c.net.isCut(c.host, c.peer)
		n, next, changed, err := c.in.take(b, cut)
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
		if err := c.await(&c.read, changed, healed, next); err != nil {
			return 0, err
		}
	}
}

func (p *pipe) take(b []byte, cut bool) (n int, next time.Time, changed <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cut {
		return 0, next, p.changed, nil
	}
	if p.reset {
		return 0, next, nil, syscall.ECONNRESET
	}
	here, next := p.arrived()
	if here > 0 {
		n = copy(b, p.buf[:here])
		p.taken(n)
		p.touch()
		return n, next, nil, nil
	}
	if p.closed && len(p.buf) == 0 {
		return 0, next, nil, io.EOF
	}
	return 0, next, p.changed, nil
}

func (c *conn) Write(b []byte) (int, error) {
	sent := 0
	for sent < len(b) {
		if _, _, closed := c.deadline(&c.written); closed {
			return sent, net.ErrClosed
		}
		n, changed, err := c.out.put(b[sent:], c.net.arrival())
		sent += n
		if err != nil {
			return sent, err
		}
		if n > 0 {
			continue
		}
		if err := c.await(&c.written, changed, nil, time.Time{}); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func (p *pipe) put(b []byte, at time.Time) (int, <-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reset || p.closed {
		return 0, nil, syscall.EPIPE
	}
	n := min(len(b), window-len(p.buf))
	if n > 0 {
		p.buf = append(p.buf, b[:n]...)
		if k := len(p.under); k > 0 && p.under[k-1].at.After(at) {
			at = p.under[k-1].at // in order
		}
		p.under = append(p.under, flight{n, at})
		p.touch()
	}
	return n, p.changed, nil
}

func (c *conn) Close() error { return c.end(false) }

// reset ends the connection as the end of the process does.
func (c *conn) reset() { c.end(true) }

func (c *conn) end(reset bool) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return net.ErrClosed
	}
	c.closed = true
	for _, d := range []*deadline{&c.read, &c.written} {
		if d.changed != nil {
			close(d.changed)
		}
		d.changed = make(chan struct{})
	}
	c.mu.Unlock()
	c.out.mu.Lock()
	c.out.closed, c.out.reset = true, c.out.reset || reset
	c.out.touch()
	c.out.mu.Unlock()
	c.in.mu.Lock()
	c.in.closed = true // what the peer still writes goes nowhere
	c.in.touch()
	c.in.mu.Unlock()
	c.net.mu.Lock()
	delete(c.net.conns, c)
	c.net.mu.Unlock()
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return addr(c.host + ":0") }
func (c *conn) RemoteAddr() net.Addr { return addr(c.addr) }

func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}
func (c *conn) SetReadDeadline(t time.Time) error  { c.move(&c.read, t); return nil }
func (c *conn) SetWriteDeadline(t time.Time) error { c.move(&c.written, t); return nil }
