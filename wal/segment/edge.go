package segment

import "github.com/redoubt-wal/redoubt/wal"

// An edge is where a segment ends. A group that lies over one is flushed twice, since a segment is durable
// before the first page of the next is written. So the group before takes the rest of its segment, if
// that is less than a group is likely to need, and the next one begins behind the edge:
//
//	group 7 ████████  group 8 ██████████ SWITCH ·····│ group 9 ██████████
//	                                                edge
type edge struct {
	last wal.LSN     // bytes of the last group
	b    wal.Builder // of the SWITCH; kept, since it would be the only garbage there is
}

// largestPart bounds what is given up: a group of more than this part of a segment has more to write than
// to wait for.
const largestPart = 64

// endSegment ends the segment with an XLOG_SWITCH if the group after the one that is about to be taken would
// lie over its edge. Only the leader calls it, before it takes its group.
func (l *Log) endSegment() {
	if l.o.MaySwitch == nil || !l.nearEdge(l.InsertLSN()) {
		return
	}
	l.o.MaySwitch(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.mode == inserting && l.nearEdge(l.pos) && l.ready >= l.segmentEnd(l.pos)+wal.LSN(l.segSize) {
			_, _ = l.switchWith(&l.commit.edge.b) // the flush meets what is wrong
		}
	})
}

// nearEdge reports whether a group that ends at end leaves so little of its segment. A SWITCH has to fit.
func (l *Log) nearEdge(end wal.LSN) bool {
	size := max(end-l.FlushedLSN(), l.commit.edge.last)
	room := -end & wal.LSN(l.segSize-1)
	return wal.RecordHeaderSize <= room && room <= size+size/4 && size <= wal.LSN(l.segSize/largestPart)
}
