package segment_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestThoseWhoWaitFormOneGroup holds the first sync while 50 others commit: one more sync serves them.
func TestThoseWhoWaitFormOneGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faulty := vfs.NewFault(vfs.NewMem())
		l := opened(t, segment.Options{FS: faulty, Go: func(f func()) { go f() }})
		synctest.Wait() // the next segment is made
		var syncs atomic.Int32
		release := make(chan struct{})
		faulty.Add(&vfs.Rule{Op: vfs.OpSync, Before: func(string, string) {
			if syncs.Add(1) == 1 {
				<-release
			}
		}})
		commit := func() {
			var b wal.Builder
			_, end, err := l.Insert(message(&b, 0, 10), 0)
			if err == nil {
				err = l.Flush(end)
			}
			if err != nil || l.FlushedLSN() < end {
				t.Errorf("flushed %s of %s, %v", l.FlushedLSN(), end, err)
			}
		}
		go commit()
		synctest.Wait()
		for range 50 {
			go commit()
		}
		synctest.Wait()
		if syncs.Load() != 1 {
			t.Errorf("%d syncs at once, want 1", syncs.Load())
		}
		close(release)
		synctest.Wait()
		if syncs.Load() != 2 {
			t.Errorf("%d syncs for 51 committers, want 2", syncs.Load())
		}
	})
}

// TestAFailureReachesEveryoneWhoWaits: nobody is left waiting and nobody is told that it is durable.
func TestAFailureReachesEveryoneWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faulty := vfs.NewFault(vfs.NewMem())
		l := opened(t, segment.Options{FS: faulty})
		release := make(chan struct{})
		faulty.Add(&vfs.Rule{Op: vfs.OpSync, Err: errIO, Before: func(string, string) { <-release }})
		var failed atomic.Int32
		for range 20 {
			go func() {
				var b wal.Builder
				_, end, err := l.Insert(message(&b, 0, 10), 0)
				if err == nil {
					err = l.Flush(end)
				}
				if err != nil {
					failed.Add(1)
				}
			}()
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		if failed.Load() != 20 {
			t.Errorf("%d of 20 committers were told of the failure", failed.Load())
		}
	})
}
