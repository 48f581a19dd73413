package segment

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// dropBehind removes the segments that lie behind the one that end lies in and would be taken for the
// log's continuation: those of tli that hold log, and those of older timelines, which end before.
func (l *Log) dropBehind(end wal.LSN, tli wal.TimelineID) error {
	segments, err := l.files.list()
	if err != nil {
		return err
	}
	removed := false
	for _, s := range segments {
		if s.Start <= l.segmentStart(end) && s.Start != end || s.Timeline > tli {
			continue
		}
		if s.Start == end && s.Timeline < tli {
			continue // the parent's own: it may hold log that others want
		}
		if s.Timeline == tli {
			holds, err := l.holdsLog(s, end)
			if err != nil {
				return err
			}
			if !holds {
				continue
			}
		}
		if err := l.o.FS.Remove(l.files.path(s.Name)); err != nil {
			return err
		}
		removed = true
	}
	if !removed {
		return nil
	}
	return l.o.FS.SyncDir(l.o.Dir)
}

// holdsLog reports whether a segment behind end has a page that belongs there; prepared and recycled
// ones have none. The first page tells, unless segments were finished behind the writer's back: then any
// page of the next few may be there without those before it.
func (l *Log) holdsLog(s SegmentInfo, end wal.LSN) (bool, error) {
	f, err := l.o.FS.OpenFile(l.files.path(s.Name), os.O_RDONLY, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	pages := int64(1)
	ahead := l.maxFinished()
	if l.stale && ahead > 0 && s.Start-l.segmentStart(end) <= wal.LSN(ahead+1)*wal.LSN(l.segSize) {
		pages = int64(l.segSize) / wal.PageSize
	}
	buf := make([]byte, min(pages, 32)*wal.PageSize)
	for at := int64(0); at < pages*wal.PageSize; at += int64(len(buf)) {
		if n, err := f.ReadAt(buf, at); n < len(buf) {
			return false, fmt.Errorf("read %s: %w", s.Name, err)
		}
		if anyPageOf(buf, s.Start+wal.LSN(at)) {
			return true, nil
		}
	}
	return false, nil
}

// anyPageOf reports whether one of the pages in b has the address that it would have with b at lsn.
func anyPageOf(b []byte, lsn wal.LSN) bool {
	for i := 0; i < len(b); i += wal.PageSize {
		h, err := wal.DecodePageHeader(b[i : i+wal.PageSize])
		if err == nil && h.Addr == lsn+wal.LSN(i) && h.Magic.Known() {
			return true
		}
	}
	return false
}

// openTail reads the page that end lies in into the ring, wipes the segment behind end, and makes the
// log up to end durable: after a kill, what was read may have been in memory only.
func (l *Log) openTail(end wal.LSN, tli wal.TimelineID) error {
	f, err := l.o.FS.OpenFile(l.files.path(wal.SegmentName(tli, end, l.segSize)), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := l.loadPage(f, end); err != nil {
		return err
	}
	if err := wipe(f, int64(uint64(end)&(l.segSize-1)), int64(l.segSize)); err != nil {
		return l.fail(err)
	}
	if err := f.Sync(); err != nil {
		return l.fail(err)
	}
	if err := l.syncSegmentBefore(end, tli); err != nil {
		return l.fail(err)
	}
	if err := l.o.FS.SyncDir(l.o.Dir); err != nil {
		return l.fail(err)
	}
	return nil
}

func (l *Log) loadPage(f vfs.File, end wal.LSN) error {
	if l.ring == nil {
		return nil // received bytes do not go through it
	}
	at := wal.PageStart(end)
	i := int(at) & (len(l.ring) - 1)
	if n, err := f.ReadAt(l.ring[i:i+int(end-at)], int64(uint64(at)&(l.segSize-1))); n < int(end-at) {
		return err
	}
	return nil
}

// syncSegmentBefore makes the segment durable whose end end is, if it is one: the next one was not
// begun, so nothing says that it was.
func (l *Log) syncSegmentBefore(end wal.LSN, tli wal.TimelineID) error {
	if uint64(end)&(l.segSize-1) != 0 {
		return nil
	}
	for t := tli; t > 0; t-- {
		err := l.syncSegment(wal.SegmentName(t, end-1, l.segSize))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (l *Log) syncSegment(name string) error {
	f, err := l.o.FS.OpenFile(l.files.path(name), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// wipe writes zeros over what is not zero in [from, to).
func wipe(f vfs.File, from, to int64) error {
	buf := make([]byte, 64<<10)
	for off := from; off < to; off += int64(len(buf)) {
		part := buf[:min(int64(len(buf)), to-off)]
		if n, err := f.ReadAt(part, off); n < len(part) {
			return err
		}
		if bytes.Equal(part, zeros[:len(part)]) {
			continue
		}
		if _, err := f.WriteAt(zeros[:len(part)], off); err != nil {
			return err
		}
	}
	return nil
}
