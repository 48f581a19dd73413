package segment

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A Source reads the pages of a directory of segments for a wal.Reader, in pieces that grow to 512 KiB
// as long as reading is sequential. Of several timelines' files for a segment it takes the newest in
// the history; of an older timeline's file it hands out nothing behind that timeline's end. Not for
// concurrent use.
type Source struct {
	fs      vfs.FS
	dir     string
	segSize uint64
	history wal.History
	log     *Log // nil: the files do not change

	file  vfs.File
	start wal.LSN // of file
	end   wal.LSN // of file's timeline, 0 if open
	gen   uint64
	buf   []byte
	next  wal.LSN // where sequential reading would go on
	size  int     // of the next read
}

const (
	firstRead = 16 << 10
	maxRead   = 512 << 10
)

// NewSource returns a source of the segments in dir. history says which timelines may be read; its
// last entry is the newest.
func NewSource(fsys vfs.FS, dir string, segSize uint64, history wal.History) *Source {
	return &Source{fs: fsys, dir: dir, segSize: segSize, history: history, size: firstRead}
}

// NewSource returns a source of the log up to FlushedLSN, where it answers wal.ErrNotYet. history says
// which timelines to follow. Close it after use.
func (l *Log) NewSource(history wal.History) *Source {
	s := NewSource(l.o.FS, l.o.Dir, l.segSize, history)
	s.log = l
	return s
}

// Durable is wal.DurableSource: a live log's readers see only what is durable.
func (s *Source) Durable() wal.LSN {
	if s.log == nil {
		return 0
	}
	return s.log.FlushedLSN()
}

// ReadPages is wal.PageSource.
func (s *Source) ReadPages(page wal.LSN, need int) ([]byte, error) {
	if s.log != nil {
		s.log.readers.mu.RLock()
		defer s.log.readers.mu.RUnlock()
		if s.gen != s.log.readers.gen {
			s.gen = s.log.readers.gen
			s.Close() // it may have been recycled, or a newer timeline has the segment
		}
	}
	var flushed wal.LSN
	if s.log != nil {
		// Before open: the segment that comes next need not be there yet.
		if flushed = s.log.FlushedLSN(); flushed < page+wal.LSN(need) {
			return nil, wal.ErrNotYet
		}
	}
	if err := s.open(page); err != nil {
		return nil, err
	}
	segEnd := s.start + wal.LSN(s.segSize)
	n := uint64(min(s.readSize(page), int(segEnd-page)))
	if s.log != nil {
		n = min(n, uint64(flushed-page))
	}
	if s.end != 0 {
		if s.end < page+wal.LSN(need) {
			return nil, fmt.Errorf("%w: timeline ends at %s", wal.ErrNoPage, s.end)
		}
		n = min(n, uint64(s.end-page))
	}
	return s.read(page, int(n), need)
}

func (s *Source) read(page wal.LSN, n, need int) ([]byte, error) {
	if cap(s.buf) < n {
		s.buf = make([]byte, n)
	}
	buf := s.buf[:n]
	got, err := s.file.ReadAt(buf, int64(page-s.start))
	if got < need {
		if err == nil || errors.Is(err, io.EOF) {
			err = &ShortFileError{File: s.file.Name(), Offset: int64(page-s.start) + int64(got), SegmentSize: s.segSize}
		}
		return nil, err
	}
	s.next = page + wal.LSN(got)
	return buf[:got], nil
}

// readSize doubles from read to read as long as each begins where the last ended.
func (s *Source) readSize(page wal.LSN) int {
	if page == wal.PageStart(s.next) {
		s.size = min(2*s.size, maxRead)
	} else {
		s.size = firstRead
	}
	return s.size
}

// open makes the segment of page the current file.
func (s *Source) open(page wal.LSN) error {
	start := page &^ wal.LSN(s.segSize-1)
	if s.file != nil && s.start == start {
		return nil
	}
	s.Close()
	for i := len(s.history) - 1; i >= 0; i-- {
		e := s.history[i]
		if start+wal.LSN(s.segSize) <= e.Begin {
			continue
		}
		f, err := s.fs.OpenFile(path.Join(s.dir, wal.SegmentName(e.Timeline, start, s.segSize)), os.O_RDONLY, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		s.file, s.start, s.end = f, start, e.End
		return nil
	}
	return fmt.Errorf("%w: segment %s is not there", wal.ErrNoPage, wal.SegmentName(s.history.Timeline(), start, s.segSize))
}

// Close releases the open file; the source may be used again.
func (s *Source) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}
