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
	// ErrNotYet says that the log may go on but a source has no more of it now: call again after
	// more was flushed. Nothing is lost by it; a Reader resumes at the same record.
	ErrNotYet = errors.New("log not written yet")
	// ErrNoPage is what a source answers for a page that it does not have, such as one in a missing
	// segment file. A Reader takes it for the end of the log.
	ErrNoPage = errors.New("no such page in the log")
)

// A RecordError says which record could not be read, and why.
type RecordError struct {
	LSN LSN
	Op  string // "read header", "check crc", …
	Err error  // wraps ErrCorrupt or ErrTornTail, or is what the source failed with

	// Missing is set if the record at LSN began properly but its continuation is not on the page at
	// Missing, or ends there and is not whole. Recovery goes on there with an OVERWRITE_CONTRECORD
	// record, because the pages before may have been shipped already.
	Missing LSN
}

func (e *RecordError) Error() string { return fmt.Sprintf("record at %s: %s: %v", e.LSN, e.Op, e.Err) }
func (e *RecordError) Unwrap() error { return e.Err }
