package segment

import (
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// openPage makes room in the ring for the page at at and writes its header, whose size it returns.
// remLen is what of the current record comes on this page and later.
func (l *Log) openPage(at wal.LSN, remLen uint32) (hdr wal.LSN, err error) {
	if err := l.clearSlot(at); err != nil {
		return 0, err
	}
	h := wal.PageHeader{
		Magic:    wal.PageMagic15,
		Info:     l.nextFlags,
		Timeline: wal.TimelineID(l.tli.Load()),
		Addr:     at,
		RemLen:   remLen,
	}
	l.nextFlags = 0
	if remLen != 0 {
		h.Info |= wal.PageFirstIsContRecord
	}
	if !l.backup {
		h.Info |= wal.PageBkpRemovable
	}
	if uint64(at)&(l.segSize-1) == 0 {
		h.Info |= wal.PageLongHeader
		h.SystemID, h.SegmentSize, h.BlockSize = l.o.SystemID, uint32(l.segSize), wal.PageSize
		l.prepareAhead(at)
	}
	i := int(at) & (len(l.ring) - 1)
	h.Encode(l.ring[i : i+wal.PageSize])
	return wal.LSN(h.Size()), nil
}

// zeroPage puts a page of zeros at at, as those behind a segment switch are.
func (l *Log) zeroPage(at wal.LSN) error {
	if err := l.clearSlot(at); err != nil {
		return err
	}
	i := int(at) & (len(l.ring) - 1)
	clear(l.ring[i : i+wal.PageSize])
	return nil
}

// clearSlot waits until the page that the ring holds in the place of the page at at was written. All
// bytes before at are inserted. When half of the ring is unwritten, a background task writes it.
func (l *Log) clearSlot(at wal.LSN) error {
	written := wal.LSN(l.written.Load())
	if at+wal.PageSize > written+wal.LSN(len(l.ring)) {
		return l.writeOut(at)
	}
	if l.o.Go != nil && int(at-written) >= len(l.ring)/2 && l.behind.CompareAndSwap(false, true) {
		l.inBackground(l.writeBehind)
	}
	return nil
}

// writeOut writes full pages up to at so that the ring has room again.
func (l *Log) writeOut(at wal.LSN) error {
	l.inserted.Store(uint64(at))
	l.wmu.Lock()
	defer l.wmu.Unlock()
	if at+wal.PageSize <= wal.LSN(l.written.Load())+wal.LSN(len(l.ring)) {
		return nil // another wrote meanwhile
	}
	return l.writeAhead(at)
}

// writeBehind writes the full pages that are there, and lets the disk begin with them: a segment's sync
// later then waits for little.
func (l *Log) writeBehind() {
	l.wmu.Lock()
	if l.Err() == nil && l.writeAhead(wal.PageStart(wal.LSN(l.inserted.Load()))) == nil && l.out != nil {
		if err := vfs.StartSync(l.out); err != nil {
			l.fail(err) // what others meet
		}
	}
	l.wmu.Unlock()
	l.behind.Store(false)
}
