package segment

import (
	"slices"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Segments lists the segment files, prepared ones ahead included, by position, then timeline.
func (l *Log) Segments() ([]SegmentInfo, error) {
	out, err := l.files.list()
	slices.SortStableFunc(out, func(a, b SegmentInfo) int {
		switch {
		case a.Start < b.Start:
			return -1
		case a.Start > b.Start:
			return 1
		}
		return int(int64(a.Timeline) - int64(b.Timeline))
	})
	return out, err
}

// Oldest is the start of the oldest segment that is here; 0 if there is none.
func (l *Log) Oldest() wal.LSN {
	segments, err := l.Segments()
	if err != nil || len(segments) == 0 {
		return 0
	}
	return segments[0].Start
}

// Recycle gives up the segments that end at or before before, on every timeline: as many as the next
// checkpoints will need become future segments, the others are removed. keep, if not nil, holds a
// segment back (not archived yet). It returns the names that are gone, durably.
func (l *Log) Recycle(before wal.LSN, keep func(SegmentInfo) bool) (removed []string, err error) {
	segments, err := l.Segments()
	if err != nil {
		return nil, err
	}
	state, err := l.recycleState()
	if err != nil {
		return nil, err
	}
	before = min(before, state.pos)
	removed, err = l.giveUpAll(segments, state, func(s SegmentInfo) bool {
		return s.Start+wal.LSN(l.segSize) <= before && (keep == nil || !keep(s))
	})
	if len(removed) == 0 {
		return nil, err
	}
	if err := l.files.syncGiven(); err != nil {
		return removed, l.fail(err)
	}
	if err != nil {
		return removed, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return removed, l.findReady()
}

// recycling is what Recycle goes by; inserts go on meanwhile.
type recycling struct {
	pos       wal.LSN
	reuse     bool    // log is being written, so that there will be a use for old segments
	next, end wal.LSN // positions that recycled segments may take
}

// recycleState looks from the segment after the current one as far as the log is expected to grow
// until the checkpoint after the next.
func (l *Log) recycleState() (recycling, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return recycling{
		pos:   l.pos,
		reuse: l.mode != idle,
		next:  l.segmentStart(l.pos) + wal.LSN(l.segSize),
		end:   l.checkpoint.horizon(l.RedoPointer(), l.o.MinSize, l.o.MaxSize, int64(l.segSize)),
	}, l.Err()
}

func (l *Log) giveUpAll(segments []SegmentInfo, state recycling, old func(SegmentInfo) bool) (removed []string, err error) {
	l.files.mu.Lock()
	defer l.files.mu.Unlock()
	l.readers.mu.Lock()
	defer l.readers.mu.Unlock()
	l.readers.forget()
	for _, s := range segments {
		if !old(s) {
			continue
		}
		if err := l.giveUp(s, &state); err != nil {
			return removed, err
		}
		removed = append(removed, s.Name)
	}
	return removed, nil
}

// giveUp renames a segment to the next future one, or removes it if enough are there.
func (l *Log) giveUp(s SegmentInfo, state *recycling) error {
	from := l.files.path(s.Name)
	info, err := l.o.FS.Stat(from)
	if err != nil {
		return err
	}
	for state.reuse && !l.o.NoRecycle && info.Size() == int64(l.segSize) && state.next < state.end {
		to := l.files.path(wal.SegmentName(l.Timeline(), state.next, l.segSize))
		state.next += wal.LSN(l.segSize)
		taken, err := vfs.Exists(l.o.FS, to)
		if err != nil {
			return err
		}
		if !taken {
			l.files.turnover.recycled.Add(1)
			l.files.given++
			return l.o.FS.Rename(from, to)
		}
	}
	l.files.turnover.removed.Add(1)
	return l.o.FS.Remove(from)
}

// findReady notes which segments ahead are there now, if their names are durable.
func (l *Log) findReady() error {
	if l.mode == idle {
		return nil
	}
	ready := l.ready
	for {
		ok, err := vfs.Exists(l.o.FS, l.files.path(wal.SegmentName(l.Timeline(), ready, l.segSize)))
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		ready += wal.LSN(l.segSize)
	}
	if l.files.settled() {
		l.ready = ready
	}
	return nil
}
