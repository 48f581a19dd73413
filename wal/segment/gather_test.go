package segment_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// slowDisk is a log in a bubble, each sync of which takes a millisecond of the bubble's time.
func slowDisk(t *testing.T) *segment.Log {
	faulty := vfs.NewFault(vfs.NewMem())
	l := opened(t, segment.Options{FS: faulty, Go: func(f func()) { go f() }})
	synctest.Wait() // the next segment is made
	faulty.Add(&vfs.Rule{Op: vfs.OpSync, Before: func(string, string) { time.Sleep(time.Millisecond) }})
	return l
}

// commitEvery commits n times, each think after the last.
func commitEvery(t *testing.T, l *segment.Log, n int, think time.Duration) {
	var b wal.Builder
	for range n {
		time.Sleep(think)
		_, end, err := l.Insert(message(&b, 0, 10), 0)
		if err == nil {
			err = l.Flush(end)
		}
		if err != nil || l.FlushedLSN() < end {
			t.Errorf("flushed %s of %s, %v", l.FlushedLSN(), end, err)
			return
		}
	}
}

// TestFewWhoComeBackSoonStayOneGroup: without the wait two halves would take turns, and a commit would
// take two syncs.
func TestFewWhoComeBackSoonStayOneGroup(t *testing.T) {
	for _, committers := range []int{2, 8, 16} {
		synctest.Test(t, func(t *testing.T) {
			l := slowDisk(t)
			before := l.Syncs()
			const each = 50
			for i := range committers {
				go commitEvery(t, l, each, time.Duration(10+20*i)*time.Microsecond)
			}
			time.Sleep(time.Second)
			if n := l.Syncs() - before; n > each+2 { // the first serves only who is first
				t.Errorf("%d committers: %d syncs for %d commits each", committers, n, each)
			}
		})
	}
}

func TestALoneCommitterWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := slowDisk(t)
		start := time.Now()
		commitEvery(t, l, 100, 0)
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("100 commits take %s, want the 100 ms of their syncs", took)
		}
	})
}

// TestWaitsInVainGetRare: of two who commit one during the other's sync and then think for long, the second
// need not wait for the first to come back.
func TestWaitsInVainGetRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := slowDisk(t)
		const rounds = 1000
		waited := 0
		for range rounds {
			start := time.Now()
			var wg sync.WaitGroup
			for i := range time.Duration(2) {
				wg.Go(func() { commitEvery(t, l, 1, i*time.Millisecond/2) })
			}
			wg.Wait()
			if time.Since(start) > 2*time.Millisecond { // a sync each
				waited++
			}
			time.Sleep(10 * time.Millisecond)
		}
		if waited == 0 || waited > 15 {
			t.Errorf("%d of %d waited in vain, want one and then ever fewer", waited, rounds)
		}
	})
}

func TestALeaderWhoWaitsInVainGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := slowDisk(t)
		for range 8 {
			go commitEvery(t, l, 1, 0)
		}
		time.Sleep(10 * time.Millisecond)
		start := time.Now()
		commitEvery(t, l, 1, 0) // seven others were there the last time
		if took := time.Since(start); took < time.Millisecond || took > 2*time.Millisecond {
			t.Errorf("a commit that expects seven others takes %s, want a sync and half a millisecond", took)
		}
	})
}
