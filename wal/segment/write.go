package segment

import (
	"os"

	"github.com/redoubt-wal/redoubt/wal"
)

// writeTo hands the ring's bytes up to to to the operating system. finish takes care of each segment that
// is full. The caller holds wmu. An error has made the log fail.
func (l *Log) writeTo(to wal.LSN, finish func() error) error {
	if err := l.Err(); err != nil {
		return err
	}
	for from := wal.LSN(l.written.Load()); from < to; {
		end := min(to, l.segmentEnd(from))
		if err := l.writeRing(from, end); err != nil {
			return l.fail(err)
		}
		from = end
		l.written.Store(uint64(from))
		if uint64(from)&(l.segSize-1) == 0 {
			if err := finish(); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeAhead is writeTo for bytes that nobody waits for.
func (l *Log) writeAhead(to wal.LSN) error {
	if l.o.Go == nil || l.maxFinished() == 0 {
		return l.writeTo(to, l.finishSegment)
	}
	return l.writeTo(to, l.finishLater)
}

// writeRing writes [from, to), which lies in one segment. When it reaches the beginning of a page but
// not its end, it writes the whole page, zeros after to, because a recycled file has old bytes there.
func (l *Log) writeRing(from, to wal.LSN) error {
	tail := wal.PageStart(to)
	if tail == to || tail < from {
		return l.writeBytes(from, to)
	}
	if err := l.writeBytes(from, tail); err != nil {
		return err
	}
	i := int(tail) & (len(l.ring) - 1)
	n := copy(l.padded[:], l.ring[i:i+int(to-tail)])
	clear(l.padded[n:])
	return l.writeFile(l.padded[:], tail)
}

// writeBytes writes [from, to) of the ring, in two pieces if it wraps.
func (l *Log) writeBytes(from, to wal.LSN) error {
	for from < to {
		i := int(from) & (len(l.ring) - 1)
		n := min(int(to-from), len(l.ring)-i)
		if err := l.writeFile(l.ring[i:i+n], from); err != nil {
			return err
		}
		from += wal.LSN(n)
	}
	return nil
}

// writeFile writes p at from, into the segment that is there for it.
func (l *Log) writeFile(p []byte, from wal.LSN) error {
	if l.out == nil {
		name := l.files.path(wal.SegmentName(l.Timeline(), from, l.segSize))
		f, err := l.o.FS.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		l.out = f
	}
	l.dirty = true
	off := int64(uint64(from) & (l.segSize - 1))
	if off == 0 && l.finishing.pending() > 0 {
		l.head = l.finishing.hold(p[:wal.PageSize])
		p, off = p[wal.PageSize:], wal.PageSize
		if len(p) == 0 {
			return nil
		}
	}
	l.counters.writes.Add(1)
	_, err := l.out.WriteAt(p, off)
	return err
}

// finishSegment makes the segment that is full durable and lets go of it.
func (l *Log) finishSegment() error {
	if err := l.syncOut(); err != nil {
		return err
	}
	if err := l.closeOut(); err != nil {
		return l.fail(err)
	}
	return nil
}

// syncOut makes all that was written durable. The caller holds wmu.
func (l *Log) syncOut() error {
	if !l.dirty {
		return nil
	}
	if err := l.out.Sync(); err != nil {
		return l.fail(err)
	}
	l.dirty = false
	l.syncs.Add(1)
	return nil
}

// Syncs counts how often log was made durable since Open: the commits per sync are the groups' size.
func (l *Log) Syncs() uint64 { return l.syncs.Load() }

func (l *Log) closeOut() error {
	if l.out == nil {
		return nil
	}
	err := l.out.Close()
	l.out, l.head, l.dirty = nil, nil, false
	return err
}
