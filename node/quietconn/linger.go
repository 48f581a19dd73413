package quietconn

import (
	"runtime"
	"sync/atomic"
)

// tries is how often a lone client's socket is read again before its reader sleeps: some 30 µs, in
// which a client on the same machine answers if it has a processor.
const tries = 80

// mostMisses bounds for how many messages a reader goes to sleep at once.
const mostMisses = 255

// A Room is the connections of one server. Of them only one whose client is the only one to speak
// reads on for a moment instead of going to sleep: a processor is idle then. The zero value is empty.
type Room struct {
	last atomic.Pointer[Conn] // whose client spoke last
}

// heard notes that a client spoke.
func (r *Room) heard(c *Conn) {
	if r.last.Load() != c {
		r.last.Store(c)
	}
}

// left lets go of a connection.
func (r *Room) left(c *Conn) { r.last.CompareAndSwap(c, nil) }

// linger is what a connection knows of reading on. It belongs to the reader.
type linger struct {
	misses  int // how many messages it goes without after the next time that it was in vain
	resting int // how many of those are left
}

// may decides whether to read on, for a connection that is alone or is not.
func (l *linger) may(alone bool) bool {
	if !alone {
		return false
	}
	if l.resting > 0 {
		l.resting--
		return false
	}
	return true
}

// ended learns whether reading on brought a message. If it does so less than about five times out of
// six the processors have other things to do, the client perhaps, and it is given up step by step.
func (l *linger) ended(hit bool) {
	if hit {
		l.misses -= (l.misses + 7) / 8
		return
	}
	l.misses = min(2*l.misses+1, mostMisses)
	l.resting = l.misses
}

// several is whether a client can run while a reader does not sleep.
func several() bool { return runtime.GOMAXPROCS(0) > 1 }
