// Package latch has the reader-writer lock of the engine. Unlike sync.RWMutex it may be held while
// waiting for a disk or a timer: who waits for it is blocked on a channel, so that a testing/synctest
// bubble sees the wait, and the wait can be given up.
//
// As long as nobody waits, taking a latch and giving it back are one atomic instruction each.
package latch

import (
	"context"
	"sync"
	"sync/atomic"
)

// A Latch is held by one writer or any number of readers. Writers are preferred, so that readers
// that come one after another cannot keep a writer out. The zero value is free. Not reentrant.
type Latch struct {
	state atomic.Uint32
	mu    sync.Mutex // held for a few instructions only
	queue []waiter
}

// What state is made of. Once queued is set, only who holds mu changes it.
const (
	writing uint32 = 1
	queued  uint32 = 2 // somebody waits
	reader  uint32 = 4 // times the number of readers
)

type waiter struct {
	write bool
	ready chan struct{} // closed when the latch is handed over
}

// Lock takes the latch exclusively.
func (l *Latch) Lock() { _ = l.lock(context.Background(), true) }

// RLock takes the latch shared.
func (l *Latch) RLock() { _ = l.lock(context.Background(), false) }

// LockContext is Lock that gives up when ctx ends.
func (l *Latch) LockContext(ctx context.Context) error { return l.lock(ctx, true) }

// RLockContext is RLock that gives up when ctx ends.
func (l *Latch) RLockContext(ctx context.Context) error { return l.lock(ctx, false) }

// TryLock takes the latch exclusively if that needs no waiting.
func (l *Latch) TryLock() bool { return l.try(true) }

// TryRLock takes the latch shared if that needs no waiting.
func (l *Latch) TryRLock() bool { return l.try(false) }

// Contended reports whether somebody waits for the latch. It may have changed on return.
func (l *Latch) Contended() bool { return l.state.Load()&queued != 0 }

// Unlock ends Lock.
func (l *Latch) Unlock() {
	if !l.state.CompareAndSwap(writing, 0) {
		l.release(writing)
	}
}

// RUnlock ends RLock.
func (l *Latch) RUnlock() {
	for {
		s := l.state.Load()
		if s&queued != 0 || s < reader {
			l.release(reader)
			return
		}
		if l.state.CompareAndSwap(s, s-reader) {
			return
		}
	}
}

// release gives back what one holder has, and the latch to those who wait.
func (l *Latch) release(what uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		s := l.state.Load()
		if s&writing < what&writing || s/reader < what/reader {
			panic("latch: given back by one who does not hold it")
		}
		if l.state.CompareAndSwap(s, s-what) {
			if s&queued != 0 {
				l.handOver()
			}
			return
		}
	}
}

// try takes a latch that nobody waits for.
func (l *Latch) try(write bool) bool {
	for {
		s := l.state.Load()
		if s&queued != 0 || !admits(s, write) {
			return false
		}
		if l.state.CompareAndSwap(s, s+share(write)) {
			return true
		}
	}
}

func (l *Latch) lock(ctx context.Context, write bool) error {
	if l.try(write) {
		return nil
	}
	l.mu.Lock()
	if !l.mustWait(write) {
		l.mu.Unlock()
		return nil
	}
	w := waiter{write: write, ready: make(chan struct{})}
	l.queue = append(l.queue, w)
	l.mu.Unlock()

	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		return l.giveUp(w, ctx)
	}
}

// mustWait takes the latch, or sets queued in the same moment in which it cannot be had: whoever gives
// it back later looks into the queue.
func (l *Latch) mustWait(write bool) bool {
	for !l.try(write) {
		if s := l.state.Load(); s&queued != 0 || !admits(s, write) && l.state.CompareAndSwap(s, s|queued) {
			return true
		}
	}
	return false
}

// giveUp leaves the queue, or gives the latch back if it was handed over meanwhile.
func (l *Latch) giveUp(w waiter, ctx context.Context) error {
	l.mu.Lock()
	for i := range l.queue {
		if l.queue[i].ready == w.ready {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			l.handOver()
			l.mu.Unlock()
			return context.Cause(ctx)
		}
	}
	l.mu.Unlock()
	if w.write {
		l.Unlock()
	} else {
		l.RUnlock()
	}
	return context.Cause(ctx)
}

// admits reports whether a latch in state s can be taken.
func admits(s uint32, write bool) bool {
	return s&writing == 0 && (!write || s < reader)
}

func share(write bool) uint32 {
	if write {
		return writing
	}
	return reader
}

// handOver gives the latch to those at the head of the queue whom it admits. Called with mu held while
// queued is set.
func (l *Latch) handOver() {
	s := l.state.Load()
	for len(l.queue) > 0 && admits(s, l.queue[0].write) {
		s += share(l.queue[0].write)
		close(l.queue[0].ready)
		l.queue = l.queue[1:]
	}
	if len(l.queue) == 0 {
		s &^= queued
	}
	l.state.Store(s)
}
