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
