// Package latch has the reader-writer lock of the engine. Unlike sync.RWMutex it may be held while
// waiting for a disk or a timer: who waits for it is blocked on a channel, so that a testing/synctest
// bubble sees the wait, and the wait can be given up.
package latch

import (
	"context"
	"sync"
)

// A Latch is held by one writer or any number of readers. Writers are preferred, so that readers
// that come one after another cannot keep a writer out. The zero value is free. Not reentrant.
type Latch struct {
	mu      sync.Mutex // held for a few instructions only
	readers int
	writing bool
	queue   []waiter
}

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

// Unlock ends Lock.
func (l *Latch) Unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.writing {
		panic("latch: Unlock without Lock")
	}
	l.writing = false
	l.handOver()
}

// RUnlock ends RLock.
func (l *Latch) RUnlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.readers == 0 {
		panic("latch: RUnlock without RLock")
	}
	l.readers--
	l.handOver()
}

func (l *Latch) try(write bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 || !l.admits(write) {
		return false
	}
	l.take(write)
	return true
}

func (l *Latch) lock(ctx context.Context, write bool) error {
	l.mu.Lock()
	if len(l.queue) == 0 && l.admits(write) {
		l.take(write)
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

// giveUp leaves the queue, or gives the latch back if it was handed over meanwhile.
func (l *Latch) giveUp(w waiter, ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.queue {
		if l.queue[i].ready == w.ready {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			l.handOver()
			return context.Cause(ctx)
		}
	}
	if w.write {
		l.writing = false
	} else {
		l.readers--
	}
	l.handOver()
	return context.Cause(ctx)
}

func (l *Latch) admits(write bool) bool {
	return !l.writing && (!write || l.readers == 0)
}

func (l *Latch) take(write bool) {
	if write {
		l.writing = true
	} else {
		l.readers++
	}
}

// handOver gives the latch to those at the head of the queue whom it admits.
func (l *Latch) handOver() {
	for len(l.queue) > 0 && l.admits(l.queue[0].write) {
		l.take(l.queue[0].write)
		close(l.queue[0].ready)
		l.queue = l.queue[1:]
	}
}
