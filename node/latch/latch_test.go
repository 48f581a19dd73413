package latch_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/node/latch"
)

func TestWritersExcludeEveryone(t *testing.T) {
	var (
		l  latch.Latch
		wg sync.WaitGroup
		n  int
	)
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				l.Lock()
				n++
				l.Unlock()
				l.RLock()
				_ = n
				l.RUnlock()
			}
		})
	}
	wg.Wait()
	if n != 8000 {
		t.Errorf("counted to %d, want 8000", n)
	}
}

func TestAWaitingWriterGoesBeforeLaterReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			l     latch.Latch
			order []string
		)
		l.RLock()
		go func() { l.Lock(); order = append(order, "writer"); l.Unlock() }()
		synctest.Wait()
		go func() { l.RLock(); order = append(order, "reader"); l.RUnlock() }()
		synctest.Wait()
		l.RUnlock()
		synctest.Wait()
		if len(order) != 2 || order[0] != "writer" {
			t.Errorf("order %v, want the writer first", order)
		}
	})
}

func TestGivingUpLetsOthersIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l latch.Latch
		l.RLock()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		in := false
		go func() {
			synctest.Wait()
			l.RLock()
			in = true
			l.RUnlock()
		}()
		if err := l.LockContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want that the deadline passed", err)
		}
		synctest.Wait()
		if !in {
			t.Error("the reader that queued behind the writer still waits")
		}
		l.RUnlock()
		if !l.TryLock() {
			t.Error("the latch is not free")
		}
	})
}

// Readers, writers and those who give up meet in all orders; the latch excludes and is free in the end.
func TestNobodyIsForgotten(t *testing.T) {
	var (
		l      latch.Latch
		wg     sync.WaitGroup
		n, got int
	)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		wg.Go(func() {
			for range 3000 {
				l.Lock()
				n++
				l.Unlock()
			}
		})
		wg.Go(func() {
			for range 3000 {
				l.RLock()
				_ = n
				l.RUnlock()
			}
		})
		wg.Go(func() {
			// Who does not wait may meet a holder that is not running, for all of his turns: he goes on until the
			// latch was free once, as it has to be when the others are done.
			for tries, free := 0, false; tries < 3000 || !free; tries++ {
				if l.LockContext(ended) == nil {
					got++
					free = true
					l.Unlock()
				}
				if l.RLockContext(ended) == nil {
					l.RUnlock()
				}
			}
		})
	}
	wg.Wait()
	if n != 6000 || got == 0 || !l.TryLock() {
		t.Errorf("counted to %d and %d, want 6000 and some; the latch has to be free", n, got)
	}
}

func TestWhoHoldsNothingCannotGiveItBack(t *testing.T) {
	for name, give := range map[string]func(*latch.Latch){
		"Unlock": (*latch.Latch).Unlock, "RUnlock": (*latch.Latch).RUnlock,
		"Unlock of a shared latch":      func(l *latch.Latch) { l.RLock(); l.Unlock() },
		"RUnlock of an exclusive latch": func(l *latch.Latch) { l.Lock(); l.RUnlock() },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was given back")
				}
			}()
			give(&latch.Latch{})
		})
	}
}
