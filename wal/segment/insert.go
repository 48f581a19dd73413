package segment

import (
	"errors"

	"github.com/redoubt-wal/redoubt/wal"
)

// reserve is how much of the segments that are there is kept, in bytes, when no other can be made: for the
// commits of what was inserted, and for the checkpoint after which Recycle makes room.
const reserve = 8 * wal.PageSize

// Insert gives the finished record b its place in the log and returns where it starts and ends. It is
// not durable: see Flush. redo is the redo pointer that b's full-page images were decided by; ErrRedoMoved
// if it has moved since. It is 0 for records that change no page: they may use the reserve. ErrNoSpace
// inserts nothing.
func (l *Log) Insert(b *wal.Builder, redo wal.LSN) (start, end wal.LSN, err error) {
	l.mu.Lock()
	if redo != 0 && uint64(redo) != l.redo.Load() {
		l.mu.Unlock()
		return 0, 0, ErrRedoMoved
	}
	keep := wal.LSN(0)
	if redo != 0 {
		keep = reserve
	}
	start, end, err = l.insert(b, keep)
	l.mu.Unlock()
	return start, end, err
}

// BeginCheckpoint moves the redo pointer to the start of the next record and inserts first there, in
// one step: no record can come between, and none that was decided by the old pointer can come after.
func (l *Log) BeginCheckpoint(first *wal.Builder) (redo wal.LSN, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	redo, _, err = l.insert(first, 0)
	if err != nil {
		return 0, err
	}
	l.moveRedo(redo)
	return redo, nil
}

// RedoPointer is where redo of the checkpoint begun last starts.
func (l *Log) RedoPointer() wal.LSN { return wal.LSN(l.redo.Load()) }

// SetRedoPointer tells the redo pointer from outside: at start-up, and after a standby's restartpoint.
func (l *Log) SetRedoPointer(redo wal.LSN) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moveRedo(redo)
}

// NextStart is where the next record would start now: a shutdown checkpoint carries its own LSN.
func (l *Log) NextStart() wal.LSN {
	l.mu.Lock()
	defer l.mu.Unlock()
	return wal.RecordStart(l.pos, l.segSize)
}

// SetBackupRunning makes new pages say that a base backup is running (XLP_BKP_REMOVABLE clear).
func (l *Log) SetBackupRunning(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.backup = on
}

// OverwriteContRecord writes the record that says that the record at lost was begun and lost in a
// crash. It comes first after StartInsert at the page where the continuation was missing. time is in
// microseconds since 2000.
func (l *Log) OverwriteContRecord(lost wal.LSN, time int64) (end wal.LSN, err error) {
	var b wal.Builder
	b.Begin(wal.RmgrXLOG, wal.XLogOverwriteContRecord)
	b.AddMain(wal.OverwriteContRecord{Overwritten: lost, Time: time}.Append(nil))
	if err := b.Finish(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pos != wal.PageStart(l.pos) {
		return 0, errors.New("overwrite lost record: the log does not end at a page's end")
	}
	l.nextFlags = wal.PageFirstIsOverwriteContRecord
	_, end, err = l.insert(&b, 0)
	return end, err
}

var errUnfinished = errors.New("insert: record is not finished: call Builder.Finish")

// prefetchAhead is how many bytes ahead of a record the ring is prefetched: a few small records.
const prefetchAhead = 1024

// insert is Insert under the insert lock. Segments must be there for keep bytes more than the record has.
func (l *Log) insert(b *wal.Builder, keep wal.LSN) (start, end wal.LSN, err error) {
	if err := l.writable(inserting); err != nil {
		return 0, 0, err
	}
	if b.Len() == 0 {
		return 0, 0, errUnfinished
	}
	prefetchWrite(&l.ring[int(l.pos+prefetchAhead)&(len(l.ring)-1)])
	if room := -l.pos & (wal.PageSize - 1); wal.LSN(b.Len()) <= room && l.pos+room+keep <= l.ready {
		start, end = l.pos, l.putInPage(b)
	} else if start, end, err = l.putAcross(b, keep); err != nil {
		return 0, 0, err
	}
	l.prev, l.pos = start, end
	l.counters.records++
	l.counters.bytes += int64(b.Len())
	l.counters.images += int64(b.Images())
	publish(&l.inserted, uint64(end))
	return start, end, nil
}

// writable reports why the log cannot be written in mode m. The caller holds mu.
func (l *Log) writable(m mode) error {
	if err := l.Err(); err != nil {
		return err
	}
	if l.mode != m {
		return ErrNotOpen
	}
	return nil
}
