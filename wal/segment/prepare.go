package segment

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
)

// makeSegments makes sure that segments exist up to end before bytes for them are accepted. The caller
// holds mu. It is the slow way: usually prepareAhead was there before.
func (l *Log) makeSegments(end wal.LSN) error {
	for l.ready < end {
		if err := l.makeSegment(l.Timeline(), l.ready); err != nil {
			return err
		}
		l.ready += wal.LSN(l.segSize)
	}
	return nil
}

// prepareAhead has the segment after the one that starts at start made, so that the writer never waits
// for it, and so that PostgreSQL's tools find a file behind the log's end. The caller holds mu.
func (l *Log) prepareAhead(start wal.LSN) {
	next := start + wal.LSN(l.segSize)
	if l.ready > next || l.preparing {
		return
	}
	if l.o.Go == nil {
		if l.makeSegment(l.Timeline(), next) == nil { // if not, the insert that needs it says why
			l.ready = max(l.ready, next+wal.LSN(l.segSize))
		}
		return
	}
	l.preparing = true
	tli, starts := l.Timeline(), l.starts
	l.inBackground(func() {
		err := l.makeSegmentUnless(func() bool { return tli != l.Timeline() || l.InsertLSN() > next }, tli, next)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.preparing = false
		switch {
		case starts != l.starts:
			if l.mode != idle {
				l.prepareAhead(l.segmentStart(l.pos)) // which Start… could not have done
			}
		case err == nil && l.ready == next:
			l.ready = next + wal.LSN(l.segSize)
		}
	})
}

// makeSegment makes one segment of zeros. What fails before the file has its name can be tried again.
func (l *Log) makeSegment(tli wal.TimelineID, start wal.LSN) error {
	return l.makeSegmentUnless(func() bool { return false }, tli, start)
}

// makeSegmentUnless is makeSegment, unless it is too late for it.
func (l *Log) makeSegmentUnless(late func() bool, tli wal.TimelineID, start wal.LSN) error {
	if err := l.Err(); err != nil {
		return err
	}
	name := wal.SegmentName(tli, start, l.segSize)
	renamed, err := l.files.makeUnless(late, name)
	switch {
	case err == nil:
		return nil
	case renamed:
		return l.fail(err)
	case noRoom(err):
		return fmt.Errorf("%w %s: %w", ErrNoSpace, name, err)
	}
	return fmt.Errorf("make segment %s: %w", name, err)
}
