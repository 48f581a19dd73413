package pgwire

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/redoubt-wal/redoubt/node/sql"
)

// A Server serves clients on the listeners it is given. All methods may be called at any time, from
// any goroutine.
type Server struct {
	options    Options
	mockSecret []byte

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	pending   map[net.Conn]uint64 // connections without a session, and as the how many-th they came
	accepted  uint64              // connections ever
	sessions  map[int32]*session
	clients   int // sessions that count towards MaxConnections
	senders   int // and MaxWALSenders
	lastPID   int32
	stopping  bool

	running sync.WaitGroup // a goroutine per connection
	quit    chan struct{}  // closed by Shutdown and Close
}

// NewServer makes a server.
func NewServer(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	srv := &Server{
		options: o, mockSecret: make([]byte, 32), quit: make(chan struct{}),
		listeners: map[net.Listener]struct{}{}, pending: map[net.Conn]uint64{}, sessions: map[int32]*session{},
	}
	if _, err := io.ReadFull(o.Rand, srv.mockSecret); err != nil {
		return nil, err
	}
	return srv, nil
}

// Serve accepts connections until the listener is closed, which Shutdown and Close do; then it
// returns nil.
func (srv *Server) Serve(l net.Listener) error {
	srv.mu.Lock()
	stopping := srv.stopping
	srv.listeners[l] = struct{}{}
	srv.mu.Unlock()
	if stopping {
		return l.Close()
	}
	for failures := 0; ; {
		conn, err := l.Accept()
		if err == nil {
			failures = 0
			srv.accept(conn)
			continue
		}
		var ne net.Error
		if srv.isStopping() || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if !errors.As(err, &ne) {
			return err
		}
		// Out of file descriptors, most likely: wait until some are given back.
		failures++
		srv.options.Log.Warn("a connection could not be accepted", "error", err)
		if !srv.pause(min(time.Duration(failures)*10*time.Millisecond, time.Second)) {
			return nil
		}
	}
}

// pause waits; it returns false if the server stops meanwhile.
func (srv *Server) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-srv.quit:
		return false
	}
}

// accept starts a connection's goroutine. Of connections that have not proved who they are there
// are at most as many as of those that have: then one of them makes room.
func (srv *Server) accept(conn net.Conn) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.stopping {
		conn.Close()
		return
	}
	if len(srv.pending) >= srv.options.MaxConnections+srv.options.MaxWALSenders {
		srv.makeRoom()
	}
	srv.accepted++
	srv.pending[conn] = srv.accepted
	srv.running.Add(1)
	go srv.serve(conn)
}

func (srv *Server) serve(conn net.Conn) {
	defer srv.running.Done()
	h := &handshake{srv: srv, conn: conn}
	defer func() { h.conn.Close() }() // the encrypted one, if there is one
	s, err := srv.greet(h, conn)
	if err != nil {
		srv.refuse(h, err)
		return
	}
	defer srv.leave(s)
	defer srv.options.Left(s.sql)
	s.run()
}

// greet brings a connection to its session.
func (srv *Server) greet(h *handshake, conn net.Conn) (*session, error) {
	defer func() {
		srv.mu.Lock()
		delete(srv.pending, conn)
		srv.mu.Unlock()
	}()
	if err := h.run(); err != nil {
		return nil, err
	}
	return srv.enter(h)
}

// refuse tells a client why it is not served.
func (srv *Server) refuse(h *handshake, err error) {
	var g gone
	if errors.As(err, &g) {
		return
	}
	h.out.failure(severityFatal, err)
	h.conn.SetWriteDeadline(srv.options.Now().Add(time.Second))
	h.out.write()
}

// cancelRequest cancels the statement of the session that the packet names, if it knows the secret.
func (srv *Server) cancelRequest(packet []byte) {
	if len(packet) != 12 {
		return
	}
	s := srv.session(int32(binary.BigEndian.Uint32(packet[4:])))
	if s != nil && subtle.ConstantTimeCompare(s.secret[:], packet[8:]) == 1 {
		s.interrupt(errCanceled)
	}
}

func (srv *Server) session(pid int32) *session {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.sessions[pid]
}

// Cancel cancels what a session runs, as pg_cancel_backend does; false if there is no such session.
func (srv *Server) Cancel(pid int32) bool {
	s := srv.session(pid)
	if s != nil {
		s.interrupt(errCanceled)
	}
	return s != nil
}

// Terminate ends a session, as pg_terminate_backend does; false if there is no such session.
func (srv *Server) Terminate(pid int32) bool {
	s := srv.session(pid)
	if s != nil {
		s.end(errAdminShutdown, true)
	}
	return s != nil
}

// Activity lists the sessions by their numbers.
func (srv *Server) Activity() []sql.Activity {
	var list []sql.Activity
	for _, s := range srv.all(true) {
		list = append(list, s.activity())
	}
	slices.SortFunc(list, func(a, b sql.Activity) int { return int(a.PID) - int(b.PID) })
	return list
}

// all lists the sessions, those of replication only if asked for.
func (srv *Server) all(replication bool) []*session {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	var list []*session
	for _, s := range srv.sessions {
		if replication || s.replication == noReplication {
			list = append(list, s)
		}
	}
	return list
}
