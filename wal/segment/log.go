package segment

import (
	"errors"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
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
	// ErrNotInserting says that the log is not open for inserts (StartInsert) or for receiving.
	ErrNotInserting = errors.New("log is not open for this kind of write")
	// ErrRemoved says that the log asked for is no longer (or not yet) here.
	ErrRemoved = errors.New("requested log segment has been removed")
	// ErrClosed says that the log was closed.
	ErrClosed = errors.New("log is closed")
)

// Options say where a log is and how it behaves. FS, Dir and SystemID are required.
type Options struct {
	FS          vfs.FS
	Dir         string         // pg_wal
	SegmentSize uint32         // bytes; 0: 16 MiB
	SystemID    uint64         // in every segment's first page
	Timeline    wal.TimelineID // where reading starts; 0: 1
	MinSize     int64          // bytes of recycled segments kept at least (min_wal_size); 0: 5 segments
	MaxSize     int64          // bytes of log between checkpoints to provide for (max_wal_size); 0: 64 segments
	BufferSize  int            // bytes of log held in memory before they are written; 0: 4 MiB

	// Go starts a background task (make the next segment, write full buffers). nil: the caller that
	// needs it does it itself.
	Go func(func())
}

// A Log is the log on disk of one node. All methods may be called concurrently, except that Open,
// StartInsert, StartReceive and Close exclude every other call.
type Log struct{}

// Open opens the log in a directory, which it creates if need be. It reads no records: the engine
// finds the log's end (see EndOfLog) and calls StartInsert or StartReceive.
func Open(o Options) (*Log, error) { panic("not yet") }

// StartInsert opens the log for inserts at end, the end of its last valid record, which starts at prev,
// on timeline tli. A new timeline gets a copy of the segment that end lies in. Whatever lay behind
// end is wiped, durably.
func (l *Log) StartInsert(end, prev wal.LSN, tli wal.TimelineID) error { panic("not yet") }

// StartReceive opens the log for Receive at end, where what it holds for certain ends.
func (l *Log) StartReceive(end wal.LSN, tli wal.TimelineID) error { panic("not yet") }

// Insert gives the finished record b its place in the log and returns where it starts and ends. It is
// not durable: see Flush. redo is the redo pointer that b's full-page images were decided by, or 0 if
// that does not matter; ErrRedoMoved if it has moved since. ErrNoSpace inserts nothing.
func (l *Log) Insert(b *wal.Builder, redo wal.LSN) (start, end wal.LSN, err error) { panic("not yet") }

// BeginCheckpoint moves the redo pointer to the start of the next record and inserts first there, in
// one step.
func (l *Log) BeginCheckpoint(first *wal.Builder) (redo wal.LSN, err error) { panic("not yet") }

// RedoPointer is where redo of the checkpoint begun last starts.
func (l *Log) RedoPointer() wal.LSN { panic("not yet") }

// SetRedoPointer tells the redo pointer from outside: at start-up, and a standby's restartpoint.
func (l *Log) SetRedoPointer(redo wal.LSN) { panic("not yet") }

// NextStart is where the next record would start now: a shutdown checkpoint carries its own LSN.
func (l *Log) NextStart() wal.LSN { panic("not yet") }

// OverwriteContRecord writes the record that says that the record at lost was begun and lost in a
// crash. It comes first after StartInsert at the page where the continuation was missing. time is in
// microseconds since 2000.
func (l *Log) OverwriteContRecord(lost wal.LSN, time int64) (end wal.LSN, err error) {
	panic("not yet")
}

// SetBackupRunning makes new pages say that a base backup is running (XLP_BKP_REMOVABLE clear).
func (l *Log) SetBackupRunning(on bool) { panic("not yet") }

// Flush makes the log durable up to upTo. Callers share one write and one sync.
func (l *Log) Flush(upTo wal.LSN) error { panic("not yet") }

// InsertLSN is the end of the record inserted or the bytes received last.
func (l *Log) InsertLSN() wal.LSN { panic("not yet") }

// WrittenLSN is how far the log was handed to the operating system.
func (l *Log) WrittenLSN() wal.LSN { panic("not yet") }

// FlushedLSN is how far the log is durable.
func (l *Log) FlushedLSN() wal.LSN { panic("not yet") }

// LastRecord is the start of the record inserted last.
func (l *Log) LastRecord() wal.LSN { panic("not yet") }

// Timeline is the timeline written or received now.
func (l *Log) Timeline() wal.TimelineID { panic("not yet") }

// SegmentSize is the size of a segment in bytes.
func (l *Log) SegmentSize() uint64 { panic("not yet") }

// SwitchSegment ends the segment with an XLOG_SWITCH record and makes it durable. end is that
// record's end; at the start of a segment nothing is written and end is that position.
func (l *Log) SwitchSegment() (end wal.LSN, err error) { panic("not yet") }

// Receive appends bytes of the stream that start at lsn on timeline tli. lsn must not be beyond
// InsertLSN; what is there already is dropped. Not durable.
func (l *Log) Receive(lsn wal.LSN, tli wal.TimelineID, data []byte) error { panic("not yet") }

// FlushReceived makes all that was received durable and returns FlushedLSN.
func (l *Log) FlushReceived() (wal.LSN, error) { panic("not yet") }

// Changed is closed when FlushedLSN advances next, or the log fails or is closed.
func (l *Log) Changed() <-chan struct{} { panic("not yet") }

// ReadAt reads durable log from lsn on, from timeline tli's segment. It never crosses FlushedLSN and
// returns fewer bytes there, wal.ErrNotYet if none; ErrRemoved if the segment is gone.
func (l *Log) ReadAt(p []byte, lsn wal.LSN, tli wal.TimelineID) (int, error) { panic("not yet") }

// NewSource is a source of the log up to FlushedLSN, following history, for one reader. Close it.
func (l *Log) NewSource(history wal.History) *Source { panic("not yet") }

// SegmentInfo is one segment file.
type SegmentInfo struct {
	Name     string
	Timeline wal.TimelineID
	Start    wal.LSN
}

// Segments lists the segment files, recycled ones ahead included, by position, then timeline.
func (l *Log) Segments() ([]SegmentInfo, error) { panic("not yet") }

// Oldest is the start of the oldest segment that is here; 0 if there is none.
func (l *Log) Oldest() wal.LSN { panic("not yet") }

// Recycle gives up the segments that end at or before before, on every timeline: as many as the next
// checkpoints will need become future segments, the others are removed. keep, if not nil, holds a
// segment back (not archived yet). It returns the names that are gone.
func (l *Log) Recycle(before wal.LSN, keep func(SegmentInfo) bool) (removed []string, err error) {
	panic("not yet")
}

// WriteHistory writes a timeline's history file, durably; it must not exist with other contents.
func (l *Log) WriteHistory(tli wal.TimelineID, contents []byte) error { panic("not yet") }

// ReadHistory returns a timeline's history file; an error that is fs.ErrNotExist if there is none.
func (l *Log) ReadHistory(tli wal.TimelineID) ([]byte, error) { panic("not yet") }

// Err is the error that made the log fail, nil while it works.
func (l *Log) Err() error { panic("not yet") }

// Close waits for background tasks and releases the files. It does not flush: Flush first.
func (l *Log) Close() error { panic("not yet") }
