package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// ReadAt reads durable log from lsn on, from timeline tli's segments. It never crosses FlushedLSN:
// it returns fewer bytes there, and wal.ErrNotYet if it is at or behind it. ErrRemoved if the segment
// is gone.
func (l *Log) ReadAt(p []byte, lsn wal.LSN, tli wal.TimelineID) (int, error) {
	end := l.FlushedLSN()
	if lsn >= end {
		return 0, wal.ErrNotYet
	}
	if left := uint64(end - lsn); uint64(len(p)) > left {
		p = p[:left]
	}
	defer l.readers.trim()
	total := 0
	for total < len(p) {
		at := lsn + wal.LSN(total)
		room := uint64(l.segmentEnd(at) - at)
		n, err := l.readSegment(p[total:min(uint64(len(p)), uint64(total)+room)], at, tli)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// readSegment fills p from the one segment that holds at.
func (l *Log) readSegment(p []byte, at wal.LSN, tli wal.TimelineID) (int, error) {
	l.readers.mu.RLock()
	defer l.readers.mu.RUnlock()
	if l.FlushedLSN() < at+wal.LSN(len(p)) {
		return 0, wal.ErrNotYet // it was given up meanwhile
	}
	f, err := l.reader(at, tli)
	if err != nil {
		return 0, err
	}
	n, err := f.ReadAt(p, int64(uint64(at)&(l.segSize-1)))
	if n < len(p) {
		return n, fmt.Errorf("read log at %s: %w", at, err)
	}
	return n, nil
}

// readers are the segments open for ReadAt. Recycle holds mu while it renames, so that no one reads a
// file that is being used again under its old address, and Start… while it takes FlushedLSN back.
type readers struct {
	mu    sync.RWMutex
	cache sync.Mutex
	open  map[string]vfs.File
	gen   uint64 // counts Recycle and Start…; written under mu
}

// maxReaders is how many segments stay open.
const maxReaders = 8

// reader opens the segment of at on tli, or keeps it open. A newer timeline's file serves as well: it
// begins as a copy of its parent's. The caller holds readers.mu for reading.
func (l *Log) reader(at wal.LSN, tli wal.TimelineID) (vfs.File, error) {
	for t := tli; t <= max(tli, l.Timeline()); t++ {
		f, err := l.readers.get(l.o.FS, l.files.path(wal.SegmentName(t, at, l.segSize)))
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrRemoved, wal.SegmentName(tli, at, l.segSize))
}

func (r *readers) get(fsys vfs.FS, name string) (vfs.File, error) {
	r.cache.Lock()
	defer r.cache.Unlock()
	if f := r.open[name]; f != nil {
		return f, nil
	}
	f, err := fsys.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	if r.open == nil {
		r.open = map[string]vfs.File{}
	}
	r.open[name] = f
	return f, nil
}

// trim closes what is open if that is much. It does not wait for those who read.
func (r *readers) trim() {
	r.cache.Lock()
	many := len(r.open) > maxReaders
	r.cache.Unlock()
	if many && r.mu.TryLock() {
		r.closeAll()
		r.mu.Unlock()
	}
}

// forget closes what is open before files are used again. The caller holds mu.
func (r *readers) forget() {
	r.closeAll()
	r.gen++
}

func (r *readers) closeAll() {
	r.cache.Lock()
	defer r.cache.Unlock()
	for name, f := range r.open {
		f.Close()
		delete(r.open, name)
	}
}
