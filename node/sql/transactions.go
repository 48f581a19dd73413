package sql

import "github.com/redoubt-wal/redoubt/rmgr"

// The state of a transaction block, as ReadyForQuery shows it.
const (
	txIdle   = 'I'
	txOpen   = 'T'
	txFailed = 'E'
)

// txState is a transaction block: there is nothing to undo in it.
//
//	       BEGIN              error
//	idle ─────────► open ─────────────► failed
//	  ▲              │ COMMIT, ROLLBACK    │ COMMIT, ROLLBACK: both answer ROLLBACK
//	  └──────────────┴─────────────────────┘
type txState struct {
	status   byte
	readOnly bool
	wrote    string // the function that wrote in this block
}

// TxStatus is what ReadyForQuery says: I, T or E.
func (s *Session) TxStatus() byte {
	if s.tx.status == 0 {
		return txIdle
	}
	return s.tx.status
}

// Fail tells the session that a statement failed, wherever: an open block fails with it.
func (s *Session) Fail() {
	if s.tx.status == txOpen {
		s.tx.status = txFailed
	}
}

// ErrFailedTransaction is what a statement in a failed transaction block gets.
func ErrFailedTransaction() error { return errFailedTransaction() }

// MayRun is false for statements that a failed transaction block refuses.
func (s *Session) MayRun(p *Prepared) bool {
	return s.tx.status != txFailed || p.Statement.EndsTransaction()
}

func errFailedTransaction() *Error {
	return errorf(codeFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}

func (s *Session) readOnly() bool {
	if s.tx.status == txOpen || s.tx.status == txFailed {
		return s.tx.readOnly || s.inRecovery()
	}
	return s.readOnlyWish || s.inRecovery()
}

// mayWrite refuses a writing call where it cannot be honest about it.
func (s *Session) mayWrite(fn *rmgr.Function) error {
	open := s.tx.status == txOpen
	switch {
	case open && s.tx.readOnly, !open && s.readOnlyWish:
		return errorf(codeReadOnly, "cannot execute %s() in a read-only transaction", fn.Name)
	case open && s.tx.wrote != "":
		return errorf(codeNotSupported, "a transaction block can hold only one writing call: %s() has already run", s.tx.wrote).
			detail("Each call is an atomic action of its own and takes effect at once.").
			hint("Run writing calls outside of transaction blocks.")
	}
	return nil
}

// transaction runs BEGIN, COMMIT, ROLLBACK and SET TRANSACTION.
func (s *Session) transaction(n *transaction) (Tag, error) {
	switch n.verb {
	case txBegin, txStart:
		return s.begin(n), nil
	case txSet:
		return s.setTransaction(n), nil
	}
	committed := n.verb == txCommit && s.tx.status != txFailed
	switch {
	case s.TxStatus() == txIdle:
		s.notice("WARNING", Condition{Code: codeNoTransaction, Message: "there is no transaction in progress"})
	case !committed && s.tx.wrote != "":
		s.notice("WARNING", Condition{
			Code:    codeSuccessfulWithNotes,
			Message: "the write of " + s.tx.wrote + "() is not undone",
			Detail:  "Each call is an atomic action of its own and takes effect at once; a transaction block cannot take it back.",
		})
	}
	s.tx = txState{}
	s.settings.end(committed)
	s.settingsChanged()
	if committed {
		return Tag{Verb: "COMMIT"}, nil
	}
	return Tag{Verb: "ROLLBACK"}, nil
}

func (s *Session) begin(n *transaction) Tag {
	tag := Tag{Verb: "BEGIN"}
	if n.verb == txStart {
		tag.Verb = "START TRANSACTION"
	}
	if s.tx.status == txOpen {
		s.notice("WARNING", Condition{Code: codeActiveTransaction, Message: "there is already a transaction in progress"})
		return tag
	}
	s.tx = txState{status: txOpen, readOnly: s.readOnlyWish}
	if n.readOnly != nil {
		s.tx.readOnly = *n.readOnly
	}
	return tag
}

func (s *Session) setTransaction(n *transaction) Tag {
	switch {
	case n.readOnly == nil:
	case n.session:
		s.settings.put("default_transaction_read_only", onOffWord(*n.readOnly), false, s.tx.status == txOpen)
		s.settingsChanged()
	case s.tx.status == txOpen:
		s.tx.readOnly = *n.readOnly
	default:
		s.notice("WARNING", Condition{Code: codeNoTransaction, Message: "SET TRANSACTION can only be used in transaction blocks"})
	}
	return Tag{Verb: "SET"}
}
