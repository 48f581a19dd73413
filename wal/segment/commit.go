package segment

import (
	"sync"

	"github.com/redoubt-wal/redoubt/wal"
)

// commit is the queue of those who wait for a flush: at most one group being flushed and one that
// gathers. Its channels are made only if somebody waits, so a lone committer allocates nothing.
type commit struct {
	mu sync.Mutex

	flushing bool
	target   wal.LSN       // what the group being flushed covers
	current  chan struct{} // closed when it is done
	size     int           // how many it serves

	gathering bool          // the next group has a leader
	next      chan struct{} // closed when the next group is done
	waiting   int           // followers of the next group

	absent
}

// join returns a channel to wait for before asking again, or nil if the caller is to lead.
func (c *commit) join(upTo wal.LSN) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flushing && c.target >= upTo {
		c.size++
		return lazily(&c.current)
	}
	if c.gathering {
		c.waiting++
		c.arrived(c.waiting + 1)
		return lazily(&c.next)
	}
	c.gathering, c.waiting = true, 0
	return nil
}

// awaitTurn returns when no group is being flushed.
func (c *commit) awaitTurn() {
	c.mu.Lock()
	if !c.flushing {
		c.mu.Unlock()
		return
	}
	wait := lazily(&c.current)
	c.mu.Unlock()
	<-wait
}

// take turns the gathering group into the one being flushed.
func (c *commit) take(end func() wal.LSN) wal.LSN {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathering, c.flushing = false, true
	c.current, c.next = c.next, nil
	c.size = c.waiting + 1
	c.target = end()
	return c.target
}

func (c *commit) done() {
	c.mu.Lock()
	ch := c.current
	c.current, c.flushing = nil, false
	c.expected = c.size
	if c.gathering {
		c.expected += c.waiting + 1
	}
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
