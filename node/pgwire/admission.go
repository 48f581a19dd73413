package pgwire

import (
	"io"
	"net"
)

// makeRoom closes a connection that has not proved who it is: of the host that has most of them, the one
// that has waited longest. So whoever only holds connections open, or opens ever more of them, keeps out
// nobody but himself. The lock is held.
func (srv *Server) makeRoom() {
	from := map[string]int{}
	for c := range srv.pending {
		from[hostOf(c)]++
	}
	var goes net.Conn
	for c, came := range srv.pending {
		if goes == nil || from[hostOf(c)] > from[hostOf(goes)] || from[hostOf(c)] == from[hostOf(goes)] && came < srv.pending[goes] {
			goes = c
		}
	}
	goes.Close()
	delete(srv.pending, goes)
}

// hostOf is where a connection comes from; "" for one on this machine's sockets.
func hostOf(c net.Conn) string {
	host, _ := hostPort(c.RemoteAddr())
	return host
}

// enter makes a session and lists it, if there is room.
func (srv *Server) enter(h *handshake) (*session, error) {
	s := &session{
		srv: srv, conn: h.conn, in: h.in, out: h.out, user: h.user, database: h.database,
		replication: h.replication, left: make(chan struct{}),
	}
	if _, err := io.ReadFull(srv.options.Rand, s.secret[:]); err != nil {
		return nil, err
	}
	if err := srv.reserve(s); err != nil {
		return nil, err
	}
	err := s.init(h.settings)
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if err == nil && srv.stopping {
		err = errShuttingDown
	}
	if err != nil {
		srv.release(s)
		return nil, err
	}
	srv.sessions[s.pid] = s
	return s, nil
}

// reserve gives a session its number and a place among those that may be there.
func (srv *Server) reserve(s *session) error {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if s.replication == noReplication {
		if srv.clients >= srv.options.MaxConnections {
			return errTooMany
		}
		srv.clients++
	} else {
		if limit := srv.options.MaxWALSenders; srv.senders >= limit {
			return condition("53300", "number of requested standby connections exceeds max_wal_senders (currently %d)", limit)
		}
		srv.senders++
	}
	for taken := true; taken; {
		srv.lastPID = max(srv.lastPID+1, 1) // begins again at 1 after the largest
		_, taken = srv.sessions[srv.lastPID]
	}
	s.pid = srv.lastPID
	return nil
}

// release gives up what reserve gave. The lock is held.
func (srv *Server) release(s *session) {
	delete(srv.sessions, s.pid)
	if s.replication != noReplication {
		srv.senders--
	} else {
		srv.clients--
	}
}

func (srv *Server) leave(s *session) {
	s.cancel(nil)
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.release(s)
}
