package segment

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
)

// Receive appends bytes of the stream that start at lsn, on timeline tli. lsn must not lie beyond
// InsertLSN; what is there already is dropped. The bytes are with the operating system when it returns,
// not durable; a segment that they fill is. Only after StartReceive.
func (l *Log) Receive(lsn wal.LSN, tli wal.TimelineID, data []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.writable(receiving); err != nil {
		return err
	}
	if tli != l.Timeline() {
		return fmt.Errorf("receive at %s: stream is on timeline %d, the log on %d: call StartReceive", lsn, tli, l.Timeline())
	}
	if lsn > l.pos {
		return fmt.Errorf("receive at %s: the log ends at %s, so log between is missing", lsn, l.pos)
	}
	if have := uint64(l.pos - lsn); have < uint64(len(data)) {
		return l.receive(data[have:])
	}
	return nil
}

func (l *Log) receive(data []byte) error {
	if end := l.pos + wal.LSN(len(data)); end > l.ready {
		if err := l.makeSegments(end); err != nil {
			return err
		}
	}
	l.wmu.Lock()
	defer l.wmu.Unlock()
	for len(data) > 0 {
		n := min(len(data), int(l.segmentEnd(l.pos)-l.pos))
		if uint64(l.pos)&(l.segSize-1) == 0 {
			l.prepareAhead(l.pos)
		}
		if err := l.writeFile(data[:n], l.pos); err != nil {
			return l.fail(err)
		}
		data = data[n:]
		l.pos += wal.LSN(n)
		l.inserted.Store(uint64(l.pos))
		l.written.Store(uint64(l.pos))
		if uint64(l.pos)&(l.segSize-1) == 0 {
			if err := l.finishSegment(); err != nil {
				return err
			}
		}
	}
	return nil
}

// FlushReceived makes all that was received durable and returns FlushedLSN.
func (l *Log) FlushReceived() (wal.LSN, error) {
	err := l.Flush(l.InsertLSN())
	return l.FlushedLSN(), err
}
