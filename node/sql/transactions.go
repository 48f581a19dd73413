package sql

import (
	"time"

	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

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
	status    byte
	isolation string // what SHOW says; one call is one atomic action on every level
	readOnly  bool
	queried   bool   // its modes are settled
	wrote     string // the function that wrote in this block
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

func errFailedTransaction() *ereport.Error {
	return ereport.Errorf(ereport.CodeFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}

// mayWrite refuses a writing call where it cannot be honest about it.
func (s *Session) mayWrite(fn *rmgr.Function) error {
	open := s.tx.status == txOpen
	switch {
	case open && s.tx.readOnly, !open && s.readOnlyWish:
		return ereport.Errorf(ereport.CodeReadOnly, "cannot execute %s() in a read-only transaction", fn.Name)
	case open && s.tx.wrote != "":
		return ereport.Errorf(ereport.CodeNotSupported, "a transaction block can hold only one writing call: %s() has already run", s.tx.wrote).
			WithDetail("Each call is an atomic action of its own and takes effect at once.").
			WithHint("Run writing calls outside of transaction blocks.")
	}
	return nil
}

// transaction runs BEGIN, COMMIT, ROLLBACK and SET TRANSACTION.
func (s *Session) transaction(n *parser.Transaction) (Tag, error) {
	switch n.Verb {
	case parser.Begin, parser.Start:
		return s.begin(n)
	case parser.SetTransaction:
		return s.setTransaction(n)
	}
	committed := n.Verb == parser.Commit && s.tx.status != txFailed
	switch {
	case s.TxStatus() == txIdle:
		s.notice("WARNING", ereport.Condition{Code: ereport.CodeNoTransaction, Message: "there is no transaction in progress"})
	case !committed && s.tx.wrote != "":
		s.notice("WARNING", ereport.Condition{
			Code:    ereport.CodeSuccessfulWithNotes,
			Message: "the write of " + s.tx.wrote + "() is not undone",
			Detail:  "Each call is an atomic action of its own and takes effect at once; a transaction block cannot take it back.",
		})
	}
	s.tx, s.began = txState{}, time.Time{}
	s.settings.End(committed)
	s.settingsChanged()
	if committed {
		return Tag{Verb: "COMMIT"}, nil
	}
	return Tag{Verb: "ROLLBACK"}, nil
}

func (s *Session) begin(n *parser.Transaction) (Tag, error) {
	tag := Tag{Verb: "BEGIN"}
	if n.Verb == parser.Start {
		tag.Verb = "START TRANSACTION"
	}
	next := s.tx
	if s.tx.status == txOpen {
		s.notice("WARNING", ereport.Condition{Code: ereport.CodeActiveTransaction, Message: "there is already a transaction in progress"})
	} else {
		next = txState{status: txOpen, readOnly: s.readOnlyWish, isolation: s.Setting("default_transaction_isolation")}
	}
	if err := s.modes(&next, n); err != nil {
		return Tag{}, err
	}
	s.tx = next
	return tag, nil
}
