package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/hugepage"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// StartInsert opens the log for inserts at end, the end of its last valid record, which starts at prev
// (0 if there is none), on timeline tli. A new timeline gets a copy of the segment that end lies in;
// write the timeline's history first, so that it is known whose. Whatever lay behind end is wiped.
// All of it is durable on return, the log up to end included, on the parent's timeline too.
func (l *Log) StartInsert(end, prev wal.LSN, tli wal.TimelineID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if end&7 != 0 {
		return fmt.Errorf("start inserting at %s: no record can end there", end)
	}
	if l.ring == nil {
		l.ring = hugepage.Make(l.o.BufferSize)
	}
	if err := l.start(end, tli); err != nil {
		return fmt.Errorf("start inserting at %s on timeline %d: %w", end, tli, err)
	}
	l.mode, l.prev, l.stale = inserting, prev, true
	return nil
}

// StartReceive opens the log for Receive at end, where what it holds for certain ends; otherwise like
// StartInsert.
func (l *Log) StartReceive(end wal.LSN, tli wal.TimelineID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.start(end, tli); err != nil {
		return fmt.Errorf("start receiving at %s on timeline %d: %w", end, tli, err)
	}
	l.mode, l.prev = receiving, 0
	return nil
}

func (l *Log) start(end wal.LSN, tli wal.TimelineID) error {
	if err := l.Err(); err != nil {
		return err
	}
	if uint64(end) < l.segSize || tli == 0 {
		return errors.New("the log begins with segment 1 and timeline 1")
	}
	l.wmu.Lock()
	defer l.wmu.Unlock()
	if err := l.settle(); err != nil {
		return err
	}
	if err := l.closeOut(); err != nil {
		return l.fail(err)
	}
	l.mode = idle
	l.starts++
	l.giveUpBehind(end)
	if err := l.dropBehind(end, tli); err != nil {
		return err
	}
	if err := l.firstSegment(end, tli); err != nil {
		return err
	}
	if err := l.openTail(end, tli); err != nil {
		return err
	}
	l.readers.mu.Lock()
	l.readers.forget() // who reads the parent's file of this segment goes on in tli's
	l.readers.mu.Unlock()
	l.tli.Store(uint32(tli))
	l.pos, l.nextFlags = end, 0
	l.ready = l.segmentStart(end) + wal.LSN(l.segSize)
	for _, position := range []interface{ Store(uint64) }{&l.inserted, &l.written, &l.flushed} {
		position.Store(uint64(end))
	}
	l.stale = false
	l.prepareAhead(l.segmentStart(end))
	l.signalChanged()
	return nil
}

// giveUpBehind lets nobody read behind end any more, where the log is about to be wiped.
func (l *Log) giveUpBehind(end wal.LSN) {
	l.readers.mu.Lock() // waits for those who read there
	defer l.readers.mu.Unlock()
	for _, position := range []*atomic.Uint64{&l.flushed, &l.written, &l.inserted} {
		position.Store(min(position.Load(), uint64(end)))
	}
}

// firstSegment makes sure that the segment that end lies in is there on tli: the copy of the parent's
// up to end, or a new one.
func (l *Log) firstSegment(end wal.LSN, tli wal.TimelineID) error {
	name := wal.SegmentName(tli, end, l.segSize)
	var fill func(vfs.File) error
	used := int64(uint64(end) & (l.segSize - 1))
	if used != 0 {
		exists, err := vfs.Exists(l.o.FS, l.files.path(name))
		if err != nil {
			return err
		}
		if !exists {
			parent, err := l.parentSegment(end, tli)
			if err != nil {
				return err
			}
			if err := l.syncSegment(parent); err != nil { // who is on its timeline goes on reading it there
				return l.fail(err)
			}
			fill = func(to vfs.File) error { return l.copySegment(to, parent, used) }
		}
	}
	renamed, err := l.files.make(name, fill)
	if renamed && err != nil {
		return l.fail(err)
	}
	if noRoom(err) {
		return fmt.Errorf("%w %s: %w", ErrNoSpace, name, err)
	}
	return err
}

// parentSegment is the name of the ancestor's segment that holds the bytes before end.
func (l *Log) parentSegment(end wal.LSN, tli wal.TimelineID) (string, error) {
	candidates, err := l.ancestors(tli)
	if err != nil {
		return "", err
	}
	for _, t := range candidates {
		name := wal.SegmentName(t, end, l.segSize)
		if ok, err := vfs.Exists(l.o.FS, l.files.path(name)); ok || err != nil {
			return name, err
		}
	}
	return "", fmt.Errorf("%w: no timeline has segment %s", ErrRemoved, wal.SegmentName(tli, end, l.segSize)[8:])
}

// ancestors lists the timelines that tli may have come from, the nearest first.
func (l *Log) ancestors(tli wal.TimelineID) ([]wal.TimelineID, error) {
	var out []wal.TimelineID
	contents, err := l.ReadHistory(tli)
	if errors.Is(err, fs.ErrNotExist) {
		for t := tli - 1; t > 0; t-- {
			out = append(out, t)
		}
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	h, err := wal.ParseHistory(tli, contents)
	if err != nil {
		return nil, err
	}
	for i := len(h) - 2; i >= 0; i-- {
		out = append(out, h[i].Timeline)
	}
	return out, nil
}

func (l *Log) copySegment(to vfs.File, name string, n int64) error {
	from, err := l.o.FS.OpenFile(l.files.path(name), os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer from.Close()
	buf := make([]byte, 256<<10)
	for off := int64(0); off < n; off += int64(len(buf)) {
		part := buf[:min(int64(len(buf)), n-off)]
		if k, err := from.ReadAt(part, off); k < len(part) {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		if _, err := to.WriteAt(part, off); err != nil {
			return err
		}
	}
	return nil
}
