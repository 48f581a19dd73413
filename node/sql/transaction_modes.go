package sql

import (
	"errors"

	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/guc"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
)

// modes changes a block's as n says, while they may be changed.
func (s *Session) modes(tx *txState, n *parser.Transaction) error {
	if n.Isolation != "" && n.Isolation != tx.isolation {
		if tx.queried {
			return ereport.Errorf(ereport.CodeActiveTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
		}
		tx.isolation = n.Isolation
	}
	if n.ReadOnly == nil {
		return nil
	}
	switch {
	case *n.ReadOnly:
	case tx.readOnly && tx.queried:
		return ereport.Errorf(ereport.CodeActiveTransaction, "transaction read-write mode must be set before any query")
	case s.inRecovery():
		return ereport.Errorf(ereport.CodeNotSupported, "cannot set transaction read-write mode during recovery")
	}
	tx.readOnly = *n.ReadOnly
	return nil
}

func (s *Session) setTransaction(n *parser.Transaction) (Tag, error) {
	tag := Tag{Verb: "SET"}
	switch open := s.tx.status == txOpen; {
	case n.Session:
		if n.Isolation != "" {
			if err := s.settings.Put("default_transaction_isolation", n.Isolation, false, open); err != nil {
				return Tag{}, err
			}
		}
		if n.ReadOnly != nil {
			if err := s.settings.Put("default_transaction_read_only", guc.OnOff(*n.ReadOnly), false, open); err != nil {
				return Tag{}, err
			}
		}
		s.settingsChanged()
	case open:
		return tag, s.modes(&s.tx, n)
	case !n.Setting:
		s.notice("WARNING", ereport.Condition{Code: ereport.CodeNoTransaction, Message: "SET TRANSACTION can only be used in transaction blocks"})
	}
	return tag, nil
}

// assignMode sets one of a block's modes by its setting's name; outside of a block nothing is left to set it for.
func (s *Session) assignMode(name, value string) *ereport.Error {
	n := &parser.Transaction{Verb: parser.SetTransaction, Setting: true}
	value, _, wrong := guc.Check(name, value)
	if wrong != nil {
		return &ereport.Error{Condition: *wrong}
	}
	if name == "transaction_isolation" {
		n.Isolation = value
	} else {
		readOnly := value == "on"
		n.ReadOnly = &readOnly
	}
	var bad *ereport.Error
	_, err := s.setTransaction(n)
	errors.As(err, &bad)
	return bad
}

func (s *Session) readOnly() bool {
	if s.tx.status == txOpen || s.tx.status == txFailed {
		return s.tx.readOnly || s.inRecovery()
	}
	return s.readOnlyWish || s.inRecovery()
}
