package replslot

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Slot is a replication slot as pg_replication_slots shows it.
type Slot struct {
	Name           string
	Temporary      bool
	Ephemeral      bool // it is being made: a start after a crash drops it
	Logical        bool
	Plugin         string  // of a logical slot
	RestartLSN     wal.LSN // the oldest log its client still needs; 0: reserves nothing
	ConfirmedFlush wal.LSN // of a logical slot
	InvalidatedAt  wal.LSN // what RestartLSN was when the slot was given up; 0: it was not
	ActivePID      int32   // 0: nobody uses it
}

// ValidName tells why a name cannot be a slot's, with SQLSTATE.
func ValidName(name string) error {
	switch {
	case name == "":
		return &rmgr.Error{Code: "42602", Message: `replication slot name "" is too short`}
	case len(name) > 63:
		return &rmgr.Error{Code: "42622", Message: fmt.Sprintf("replication slot name %q is too long", name)}
	}
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_') {
			return &rmgr.Error{
				Code:    "42602",
				Message: fmt.Sprintf("replication slot name %q contains invalid character", name),
				Hint:    "Replication slot names may only contain lower case letters, numbers, and the underscore character.",
			}
		}
	}
	return nil
}

// ErrInvalidated says to a client that its slot was given up.
func ErrInvalidated(name string) error {
	return &rmgr.Error{
		Code:    "55000",
		Message: fmt.Sprintf("can no longer get changes from replication slot %q", name),
		Detail:  "This slot has been invalidated because it exceeded the maximum reserved size.",
		Hint:    "Drop the slot and copy the client anew: the log it needs is gone.",
	}
}
