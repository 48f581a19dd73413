package segment

import (
	"runtime"
	"time"
)

// absent is what a leader knows of committers who may be about to join its group: those whom the last
// group woke. Waiting for them is PostgreSQL's commit_delay, for as long as it pays.
type absent struct {
	expected int // members of the last group, and who had gathered when it was done

	awaited bool          // the leader waits in arrival
	arrival chan struct{} // gets a value when the group is complete
	timer   *time.Timer
	misses  int // how many groups go at once after the next one for which the wait was in vain
	resting int // how many of those are left
}

const (
	// rushFrom is how many committers make a group that goes at once: so many keep the processors
	// busy while the disk is.
	rushFrom = 100

	// awaitUpTo is up to how many committers a leader waits for rather than yields to. Waking few is
	// quick, and halves of them would take turns, each waiting for the other's flush.
	awaitUpTo = 16

	// patience bounds the wait. It is a few flushes of a fast disk and a fraction of a slow one's.
	patience = 500 * time.Microsecond

	mostMisses = 255
)

// gather lets those whom the last group woke join before the leader takes its group. A lone committer
// goes at once.
func (c *commit) gather() {
	c.mu.Lock()
	present := c.waiting + 1
	c.mu.Unlock()
	if present >= min(c.expected, rushFrom) {
		return
	}
	runtime.Gosched() // enough for those who only have to insert
	if c.expected <= awaitUpTo {
		c.await()
	}
}

// await waits until all whom the leader expects are there, or they take too long. Whenever that
// happens it waits for a while in ever fewer groups.
func (c *commit) await() {
	c.mu.Lock()
	if c.waiting+1 >= c.expected {
		c.mu.Unlock()
		return
	}
	if c.resting > 0 {
		c.resting--
		c.mu.Unlock()
		return
	}
	if c.timer == nil {
		c.arrival, c.timer = make(chan struct{}, 1), time.NewTimer(patience)
	} else {
		c.timer.Reset(patience)
	}
	c.awaited = true
	c.mu.Unlock()
	select {
	case <-c.arrival:
		c.timer.Stop()
		c.misses /= 2
	case <-c.timer.C:
		c.giveUp()
	}
}

// arrived tells a leader that waits that its group has n members. The caller holds mu.
func (c *commit) arrived(n int) {
	if c.awaited && n >= c.expected {
		c.awaited = false
		c.arrival <- struct{}{}
	}
}

// giveUp ends a wait that was in vain.
func (c *commit) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.awaited { // the last arrived just now
		<-c.arrival
		return
	}
	c.awaited = false
	c.misses = min(2*c.misses+1, mostMisses)
	c.resting = c.misses
}
