package engine

import (
	"sync"
	"sync/atomic"

	"github.com/redoubt-wal/redoubt/wal"
)

// A notice wakes those who wait for a change. Progress is a change to those only whom it brings to
// where they wait for: recovery would wake its caller once a batch otherwise.
type notice struct {
	mu   sync.Mutex
	ch   chan struct{}
	at   wal.LSN       // the nearest that is waited for; 0: somebody waits for anything
	goal atomic.Uint64 // the nearest but 0, its bits inverted; 0: there is none
}

// channel is closed at the next signal, or when anything is reached.
func (n *notice) channel() <-chan struct{} { return n.channelAt(0) }

// channelAt is closed at the next signal, or when lsn is reached. It may be closed before.
func (n *notice) channelAt(lsn wal.LSN) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch == nil {
		n.ch, n.at = make(chan struct{}), lsn
		n.goal.Store(0)
	}
	n.at = min(n.at, lsn)
	if lsn != 0 && ^uint64(lsn) > n.goal.Load() {
		n.goal.Store(^uint64(lsn))
	}
	return n.ch
}

// next is the nearest position that somebody waits for, the highest there is if nobody
// does. It is for who makes progress, to know when to call reached.
func (n *notice) next() wal.LSN { return wal.LSN(^n.goal.Load()) }

func (n *notice) signal() { n.reached(^wal.LSN(0)) }

func (n *notice) reached(lsn wal.LSN) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch != nil && lsn >= n.at {
		close(n.ch)
		n.ch = nil
		n.goal.Store(0)
	}
}
