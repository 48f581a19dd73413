package sql

import "time"

// Received tells the session when a message with a statement, or a part of one, came from its client. That is
// statement_timestamp(), and now() until the end of a transaction that begins with it.
func (s *Session) Received(at time.Time) {
	s.received = at.Truncate(time.Microsecond)
	if s.began.IsZero() {
		s.began = s.received
	}
}

// Ready tells the session that its client may send the next batch: outside of a block a transaction ends with its
// batch.
func (s *Session) Ready() {
	if s.TxStatus() == txIdle {
		s.began = time.Time{}
	}
}

// TransactionStart is now(); zero if nothing was received.
func (s *Session) TransactionStart() time.Time {
	if s.began.IsZero() {
		return s.received // behind a COMMIT in the same message
	}
	return s.began
}

// StatementStart is statement_timestamp(); zero if nothing was received.
func (s *Session) StatementStart() time.Time { return s.received }
