package segment

import (
	"sync"

	"github.com/redoubt-wal/redoubt/wal"
)

// commit is the queue of those who wait for a flush: at most one group being flushed and one that
// gathers. Nothing in it is allocated for a group.
type commit struct {
	mu sync.Mutex

	flushing bool
	target   wal.LSN    // what the group being flushed covers
	current  *sync.Cond // who waits for it
	size     int        // how many it serves

	gathering bool       // the next group has a leader
	next      *sync.Cond // who waits for the next group
	waiting   int        // followers of the next group

	absent
	edge edge // the leader's
}

// prepare makes an empty queue.
func (c *commit) prepare() {
	c.current, c.next = sync.NewCond(released{&c.mu}), sync.NewCond(released{&c.mu})
}

// released is a mutex that Wait lets go of and does not take again: those who are woken have nothing
// more to do with it, and hundreds would only queue for it.
type released struct{ mu *sync.Mutex }

func (r released) Unlock() { r.mu.Unlock() }
func (r released) Lock()   {}

// follow reports whether a group did its work on behalf of the caller, who is to ask again; if not the
// caller is to lead one.
func (c *commit) follow(upTo wal.LSN) bool {
	c.mu.Lock()
	switch {
	case c.flushing && c.target >= upTo:
		c.size++
		c.current.Wait()
		return true
	case c.gathering:
		c.waiting++
		c.arrived(c.waiting + 1)
		c.next.Wait()
		return true
	}
	c.gathering, c.waiting = true, 0
	c.mu.Unlock()
	return false
}

// awaitTurn returns when no group is being flushed.
func (c *commit) awaitTurn() {
	c.mu.Lock()
	if c.flushing {
		c.current.Wait()
		return
	}
	c.mu.Unlock()
}

// take turns the gathering group into the one being flushed.
func (c *commit) take(end func() wal.LSN) wal.LSN {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathering, c.flushing = false, true
	c.current, c.next = c.next, c.current
	c.size = c.waiting + 1
	c.target = end()
	return c.target
}

func (c *commit) done() {
	c.mu.Lock()
	c.flushing = false
	c.expected = c.size
	if c.gathering {
		c.expected += c.waiting + 1
	}
	c.current.Broadcast()
	c.mu.Unlock()
}
