package segment

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/redoubt-wal/redoubt/wal"
)

// Flush makes the log durable up to upTo, in the caller's goroutine or together with others: all who
// wait while one group is being written form the next, and the first of them writes for all.
//
//	group 1   ██ write ██ sync ██|
//	group 2      gathers ────────┤yield██ write ██ sync ██|
//	group 3                             gathers ──────────┤yield██
//
// The leader yields once before it takes its group, so that those whom the last group woke can insert
// again and join. When FlushedLSN passes upTo nil is returned even if the log failed since.
func (l *Log) Flush(upTo wal.LSN) error {
	for l.FlushedLSN() < upTo {
		if err := l.Err(); err != nil {
			return err
		}
		if end := l.InsertLSN(); upTo > end {
			return fmt.Errorf("flush up to %s: the log ends at %s", upTo, end)
		}
		if wait := l.commit.join(upTo); wait != nil {
			<-wait
			continue
		}
		l.lead()
	}
	return nil
}

// lead writes and syncs for everyone who has joined.
func (l *Log) lead() {
	if l.commit.awaitTurn() < yieldBelow {
		runtime.Gosched()
	}
	to := l.commit.take(l.InsertLSN)
	l.flushTo(to)
	l.commit.done()
}

// yieldBelow is how many followers make a group large enough to go at once.
const yieldBelow = 100

// flushTo makes the log durable up to to. An error is kept by the log.
func (l *Log) flushTo(to wal.LSN) {
	l.wmu.Lock()
	defer l.wmu.Unlock()
	if l.FlushedLSN() >= to || l.writeTo(to) != nil || l.syncOut() != nil {
		return
	}
	l.flushed.Store(uint64(to))
	l.signalChanged()
}

// commit is the queue of those who wait for a flush: at most one group being flushed and one that
// gathers. Its channels are made only if somebody waits, so a lone committer allocates nothing.
type commit struct {
	mu sync.Mutex

	flushing bool
	target   wal.LSN       // what the group being flushed covers
	current  chan struct{} // closed when it is done

	gathering bool          // the next group has a leader
	next      chan struct{} // closed when the next group is done
	waiting   int           // followers of the next group
}

// join returns a channel to wait for before asking again, or nil if the caller is to lead.
func (c *commit) join(upTo wal.LSN) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flushing && c.target >= upTo {
		return lazily(&c.current)
	}
	if c.gathering {
		c.waiting++
		return lazily(&c.next)
	}
	c.gathering, c.waiting = true, 0
	return nil
}

// awaitTurn returns when no group is being flushed, with the number of followers.
func (c *commit) awaitTurn() int {
	c.mu.Lock()
	if !c.flushing {
		defer c.mu.Unlock()
		return c.waiting
	}
	wait := lazily(&c.current)
	c.mu.Unlock()
	<-wait
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waiting
}

// take turns the gathering group into the one being flushed.
func (c *commit) take(end func() wal.LSN) wal.LSN {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathering, c.flushing = false, true
	c.current, c.next = c.next, nil
	c.target = end()
	return c.target
}

func (c *commit) done() {
	c.mu.Lock()
	ch := c.current
	c.current, c.flushing = nil, false
	c.mu.Unlock()
	if ch != nil {
		close(ch)
	}
}

func lazily(ch *chan struct{}) chan struct{} {
	if *ch == nil {
		*ch = make(chan struct{})
	}
	return *ch
}
