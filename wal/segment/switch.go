package segment

import "github.com/redoubt-wal/redoubt/wal"

// SwitchSegment ends the segment with an XLOG_SWITCH record and makes it durable. end is that
// record's end; the log goes on at the next segment. At the start of a segment nothing is written and
// end is that position.
func (l *Log) SwitchSegment() (end wal.LSN, err error) {
	end, upTo, err := l.insertSwitch()
	if err != nil {
		return 0, err
	}
	return end, l.Flush(upTo)
}

func (l *Log) insertSwitch() (end, upTo wal.LSN, err error) {
	var b wal.Builder
	l.mu.Lock()
	defer l.mu.Unlock()
	if uint64(l.pos)&(l.segSize-1) == 0 {
		return l.pos, l.pos, l.writable(inserting)
	}
	end, err = l.switchWith(&b)
	return end, l.pos, err
}

// switchWith inserts an XLOG_SWITCH that b makes. The caller holds mu.
func (l *Log) switchWith(b *wal.Builder) (end wal.LSN, err error) {
	b.Begin(wal.RmgrXLOG, wal.XLogSwitch)
	if err := b.Finish(); err != nil {
		return 0, err
	}
	if _, end, err = l.insert(b, wal.LSN(l.segSize)); err != nil { // the next segment must be there: no room is left in this one
		return 0, err
	}
	return end, l.fillSegment()
}

// fillSegment puts zeros, without page headers, up to the segment's end.
func (l *Log) fillSegment() error {
	end := l.pos
	if uint64(end)&(l.segSize-1) != 0 {
		end = l.segmentEnd(end)
	}
	at := l.pos
	if rest := int(-at & (wal.PageSize - 1)); rest != 0 {
		i := int(at) & (len(l.ring) - 1)
		clear(l.ring[i : i+rest])
		at += wal.LSN(rest)
	}
	for ; at < end; at += wal.PageSize {
		if err := l.zeroPage(at); err != nil {
			return err
		}
		l.inserted.Store(uint64(at + wal.PageSize))
	}
	l.pos = end
	l.inserted.Store(uint64(end))
	return nil
}
