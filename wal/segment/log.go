package segment

import (
	"errors"
	"fmt"
	"path"
	"sync"
	"sync/atomic"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A Log is the log on disk of one node. All methods may be called concurrently, except that
// StartInsert, StartReceive and Close exclude every other call.
type Log struct {
	o       Options
	segSize uint64
	files   files
	failure atomic.Pointer[error]
	ended   chan struct{}  // closed once there is a failure
	tasks   sync.WaitGroup // background tasks under way

	mu         sync.Mutex // the insert lock: everything in this block
	mode       mode
	ring       []byte // pages by address modulo its size
	pos        wal.LSN
	prev       wal.LSN
	ready      wal.LSN // segments exist up to here
	preparing  bool
	starts     int // counts Start…: segments that were there may be gone
	backup     bool
	nextFlags  uint16 // for the next page header only
	stale      bool   // segments ahead may have pages that were written before those in front of them
	checkpoint distance
	counters   counters

	redo     atomic.Uint64 // written under mu
	tli      atomic.Uint32 // written under mu
	inserted atomic.Uint64 // bytes below are complete in the ring; written under mu
	written  atomic.Uint64 // written under wmu
	flushed  atomic.Uint64 // written under wmu
	syncs    atomic.Uint64

	wmu     sync.Mutex // the write lock: everything in this block
	out     vfs.File   // the segment being written, nil between segments
	head    []byte     // its first page if that is held back
	dirty   bool       // out has bytes that were not synced
	padded  [wal.PageSize]byte
	behind  atomic.Bool // a writeBehind task is under way
	commit  commit
	readers readers

	finishing finishing

	changedMu sync.Mutex
	changed   chan struct{}
}

type mode int

const (
	idle mode = iota
	inserting
	receiving
)

// Open opens the log in a directory, which it creates if need be, and removes unfinished files. It
// reads no records: the engine finds the log's end (EndOfLog) and calls StartInsert or StartReceive.
func Open(o Options) (*Log, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	l := &Log{o: o, segSize: uint64(o.SegmentSize), ended: make(chan struct{}), stale: true}
	l.files = files{fs: o.FS, dir: o.Dir, segSize: int64(o.SegmentSize), sparse: o.NoZero}
	l.tli.Store(uint32(o.Timeline))
	l.commit.prepare()
	if err := makeDir(o.FS, o.Dir); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if err := l.files.removeUnfinished(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return l, nil
}

// makeDir makes the directory if need be, and its name durable: who made it may not have come to that.
func makeDir(fsys vfs.FS, dir string) error {
	exists, err := vfs.Exists(fsys, dir)
	if err == nil && !exists {
		err = fsys.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return err
	}
	return fsys.SyncDir(path.Dir(dir))
}

// InsertLSN is the end of the record inserted or of the bytes received last.
func (l *Log) InsertLSN() wal.LSN { return wal.LSN(l.inserted.Load()) }

// WrittenLSN is how far the log was handed to the operating system.
func (l *Log) WrittenLSN() wal.LSN { return wal.LSN(l.written.Load()) }

// FlushedLSN is how far the log is durable.
func (l *Log) FlushedLSN() wal.LSN { return wal.LSN(l.flushed.Load()) }

// LastRecord is the start of the record inserted last.
func (l *Log) LastRecord() wal.LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.prev
}

// Timeline is the timeline written or received now.
func (l *Log) Timeline() wal.TimelineID { return wal.TimelineID(l.tli.Load()) }

// SegmentSize is the size of a segment in bytes.
func (l *Log) SegmentSize() uint64 { return l.segSize }

// Close waits for background tasks and releases the files. It does not flush: Flush first. Later
// calls fail with ErrClosed.
func (l *Log) Close() error {
	err := ErrClosed
	l.end(&err)
	l.tasks.Wait()
	l.wmu.Lock()
	defer l.wmu.Unlock()
	l.readers.mu.Lock()
	l.readers.forget()
	l.readers.mu.Unlock()
	return errors.Join(l.abandon(), l.closeOut())
}

// inBackground runs task on a goroutine of its own, or at once if there are none.
func (l *Log) inBackground(task func()) {
	l.tasks.Add(1)
	l.o.Go(func() {
		defer l.tasks.Done()
		task()
	})
}

func (l *Log) segmentEnd(lsn wal.LSN) wal.LSN {
	return wal.LSN((uint64(lsn)/l.segSize + 1) * l.segSize)
}

func (l *Log) segmentStart(lsn wal.LSN) wal.LSN { return lsn &^ wal.LSN(l.segSize-1) }
