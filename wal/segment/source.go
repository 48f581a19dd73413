package segment

import (
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A Source reads the pages of a directory of segments for a wal.Reader, at least 128 KiB at a time.
// Of several timelines' files for a segment it takes the newest in the history. Not for concurrent use.
type Source struct{}

// NewSource returns a source of the segments in dir. history says which timelines may be read; its
// last entry is the newest.
func NewSource(fsys vfs.FS, dir string, segSize uint64, history wal.History) *Source {
	panic("not yet")
}

// ReadPages is wal.PageSource.
func (s *Source) ReadPages(page wal.LSN, need int) ([]byte, error) { panic("not yet") }

// Close releases the open file.
func (s *Source) Close() error { panic("not yet") }

// An End is where a log ends.
type End struct {
	LSN      wal.LSN // end of the last valid record
	Last     wal.LSN // its start: what the next record's xl_prev must be
	Timeline wal.TimelineID
	Cause    error   // the *wal.RecordError that ended it
	Lost     wal.LSN // a record that began there and is continued nowhere; 0 if none
}

// EndOfLog reads on from start, a record's start, to the log's end, calling each (if not nil) for every
// record. A torn tail is a normal end; corruption is an error.
func EndOfLog(r *wal.Reader, start wal.LSN, each func(*wal.Record) error) (End, error) {
	panic("not yet")
}
