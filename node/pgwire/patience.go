package pgwire

import (
	"crypto/tls"
	"time"
)

// unacknowledged is how long a client may take nothing of what it is sent. For the kernel a client with full
// buffers, one say whose disk is busy with what came before of a base backup, is the same as one that is gone.
const unacknowledged = 5 * time.Minute

// setUnacknowledged tells the network, where it can do that.
func (s *session) setUnacknowledged(d time.Duration) error {
	conn := s.conn
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	if n, ok := conn.(interface{ SetUnacknowledged(time.Duration) error }); ok {
		return n.SetUnacknowledged(d)
	}
	return nil
}
