package segment

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
)

// Flush makes the log durable up to upTo, in the caller's goroutine or together with others: all who
// wait while one group is being written form the next, and the first of them writes for all.
//
//	group 1   ██ write ██ sync ██|
//	group 2      gathers ────────┤yield██ write ██ sync ██|
//	group 3                             gathers ──────────┤yield██
//
// The leader gives those whom the last group woke the chance to insert again and join: see gather.
// When FlushedLSN passes upTo nil is returned even if the log failed since.
func (l *Log) Flush(upTo wal.LSN) error {
	for l.FlushedLSN() < upTo {
		if err := l.Err(); err != nil {
			return err
		}
		if end := l.InsertLSN(); upTo > end {
			return fmt.Errorf("flush up to %s: the log ends at %s", upTo, end)
		}
		if !l.commit.follow(upTo) {
			l.lead()
		}
	}
	return nil
}

// lead writes and syncs for everyone who has joined.
func (l *Log) lead() {
	l.commit.awaitTurn()
	l.commit.gather()
	l.endSegment()
	from, to := l.FlushedLSN(), l.commit.take(l.InsertLSN)
	l.flushTo(to)
	l.commit.edge.last = to - from
	l.commit.done()
}

// flushTo makes the log durable up to to. An error is kept by the log.
func (l *Log) flushTo(to wal.LSN) {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	if l.FlushedLSN() >= to || l.settle() != nil || l.writeTo(to, l.finishSegment) != nil || l.syncOut() != nil {
		return
	}
	l.flushed.Store(uint64(to))
	l.signalChanged()
}
