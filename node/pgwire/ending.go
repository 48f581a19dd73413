package pgwire

import (
	"errors"
	"io"
	"net"
	"time"
)

// farewell tells the client why the session ends, if it does not know.
func (s *session) farewell(err error) {
	s.mu.Lock()
	ending := s.ending
	s.mu.Unlock()
	var g gone
	switch {
	case ending != nil:
		err = ending
	case err == nil, errors.As(err, &g), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return
	}
	if len(s.out.buf) > 0 && s.sql.Unsettled() {
		s.out.buf = s.out.buf[:s.unsettled]
	}
	s.out.failure(severityFatal, err)
	s.conn.SetWriteDeadline(s.srv.options.Now().Add(time.Second))
	s.out.write()
}

// end makes the session end: after the statement it runs, or now.
func (s *session) end(cause error, now bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending == nil {
		s.ending = cause
	}
	if now {
		s.abandon(cause)
		if s.finish != nil {
			s.finish(cause)
		}
		s.conn.SetWriteDeadline(s.srv.options.Now().Add(time.Second))
	}
	if s.replication == noReplication {
		// Long past: whoever waits for a message stops waiting.
		s.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

func (s *session) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending
}
