package segment

import (
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
)

var (
	// ErrFailed says that a write or sync failed once. The log refuses everything from then on: what
	// the disk holds is not known, and asking again would answer with a lie. The node stops.
	ErrFailed = errors.New("log failed")
	// ErrNoSpace says that there is no room for the next segment. Nothing was written; later calls
	// succeed once there is room again.
	ErrNoSpace = errors.New("no space for the next log segment")
	// ErrRedoMoved says that a checkpoint began after the caller decided on its full-page images:
	// take RedoPointer, decide again, insert again.
	ErrRedoMoved = errors.New("redo pointer moved")
	// ErrNotOpen says that the log was not started for this kind of write (StartInsert, StartReceive).
	ErrNotOpen = errors.New("log is not open for this kind of write")
	// ErrRemoved says that the log asked for is no longer here, or never was.
	ErrRemoved = errors.New("requested log segment has been removed")
	// ErrClosed says that the log was closed.
	ErrClosed = errors.New("log is closed")
)

// A ShortFileError is a segment's file that ends before what was asked for: a wal.ErrNoPage.
type ShortFileError struct {
	File        string // its path
	Offset      int64  // of the first byte that is not there, in bytes from the file's beginning
	SegmentSize uint64 // how long it has to be, in bytes
}

func (e *ShortFileError) Error() string {
	return fmt.Sprintf("%v: %s has no byte %d, where a segment has %d", wal.ErrNoPage, e.File, e.Offset, e.SegmentSize)
}

func (e *ShortFileError) Unwrap() error { return wal.ErrNoPage }

// fail makes the log fail for good and returns what every later call returns.
func (l *Log) fail(cause error) error {
	err := fmt.Errorf("%w: %w", ErrFailed, cause)
	l.end(&err)
	return l.Err()
}

// end is the end of all writing, for the first reason given.
func (l *Log) end(why *error) {
	if l.failure.CompareAndSwap(nil, why) {
		close(l.ended)
		l.signalChanged()
	}
}

// Ended is closed when the log has failed or was closed: see Err.
func (l *Log) Ended() <-chan struct{} { return l.ended }

// Fail makes a log fail that works, because the disk that it lies on does not: from now on nothing more
// becomes durable. It waits for a flush that is under way and returns FlushedLSN, which is final.
func (l *Log) Fail(cause error) wal.LSN {
	l.fail(cause)
	l.wmu.Lock()
	defer l.wmu.Unlock()
	return l.FlushedLSN()
}

// Err is the error that made the log fail (or ErrClosed), nil while it works.
func (l *Log) Err() error {
	if p := l.failure.Load(); p != nil {
		return *p
	}
	return nil
}
