package wal

import (
	"errors"
	"fmt"
)

var (
	// ErrTornTail says that the log ends here, as it does after a crash: nothing valid follows.
	ErrTornTail = errors.New("end of log")
	// ErrCorrupt says that the log is damaged here although valid log follows, or a check failed
	// where the bytes were known to be complete. The node stops.
	ErrCorrupt = errors.New("log is corrupt")
)

// A RecordError says which record could not be read, and why.
type RecordError struct {
	LSN LSN
	Op  string // "read header", "check crc", …
	Err error  // wraps ErrCorrupt or ErrTornTail
}

func (e *RecordError) Error() string { return fmt.Sprintf("record at %s: %s: %v", e.LSN, e.Op, e.Err) }
func (e *RecordError) Unwrap() error { return e.Err }
