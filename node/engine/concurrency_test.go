package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// TestWritersReadersCheckpointsAndReplayAtOnce has a pool too small for the data, so that pages come
// and go all the time.
func TestWritersReadersCheckpointsAndReplayAtOnce(t *testing.T) {
	p, _ := newStore(t, vfs.NewMem(), keepLog)
	s, _ := standbyOf(t, p, kv.Module)
	const writers, each = 4, 700
	var writing, reading sync.WaitGroup
	var ticks []chan struct{} // each background task takes a step now and then, as fast as it can
	background := func(step func() error) {
		tick := make(chan struct{}, 1)
		ticks = append(ticks, tick)
		reading.Go(func() {
			for range tick {
				if err := step(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	background(func() error { return p.Checkpoint(context.Background()) })
	background(func() error { return s.Checkpoint(context.Background()) })
	background(func() error { ship(t, p.Engine, s.Engine, 4000); return s.Err() })
	for range 2 {
		background(func() error {
			_, _, err := call(p.Engine, p.tab, "kv_get", "w1-00010")
			return err
		})
		background(func() error {
			if !s.Positions().Consistent {
				return nil
			}
			_, _, err := call(s.Engine, s.tab, "kv_range", "w0", "w2", int64(50))
			return err
		})
		background(func() error {
			_, err := p.Census(context.Background())
			return err
		})
	}
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				for n, tick := range ticks {
					if i%25 == n {
						select {
						case tick <- struct{}{}:
						default:
						}
					}
				}
				if err := p.tryPut(fmt.Sprintf("w%d-%05d", w, i), value(i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	for _, tick := range ticks {
		close(tick)
	}
	reading.Wait()
	follow(t, p.Engine, s.Engine)
	if a, b := p.count(), s.count(); a != writers*each || b != a {
		t.Errorf("%d and %d keys, want %d", a, b, writers*each)
	}
	closeEngine(t, p.Engine)
	promote(t, s.Engine, 2)
	closeEngine(t, s.Engine)
}

func TestTimedCheckpointsInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newStore(t, vfs.NewMem(), func(o *engine.Options) {
			o.CheckpointTimeout, o.Now = time.Minute, time.Now
		})
		s.put("a", "1")
		before := s.Positions().Redo
		time.Sleep(61 * time.Second)
		synctest.Wait()
		after := s.Positions()
		if after.Redo <= before {
			t.Error("no checkpoint after checkpoint_timeout")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := s.Positions(); got.LastCheckpoint != after.LastCheckpoint {
			t.Error("checkpoints were made although nothing was written")
		}
		closeEngine(t, s.Engine)
	})
}

func TestMuchLogMakesACheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newStore(t, vfs.NewMem(), func(o *engine.Options) { o.MaxWALSize, o.MinWALSize = 4<<20, 2<<20 })
		before := s.Positions().Redo
		for i := range 10_000 {
			s.put(key(i), value(i))
		}
		synctest.Wait() // until the checkpointer has nothing to do
		p := s.Positions()
		if p.Redo <= before {
			t.Errorf("no checkpoint after %d bytes of log", p.Insert-before)
		}
		if err := s.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
		p = s.Positions()
		if p.Oldest < p.Redo-1<<20 {
			t.Errorf("log from %s is kept, the redo point is %s", p.Oldest, p.Redo)
		}
		closeEngine(t, s.Engine)
	})
}
