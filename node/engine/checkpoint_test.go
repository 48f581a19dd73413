package engine_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A lines collects log lines by their message: keys and values.
type lines struct {
	slog.Handler
	mu   sync.Mutex
	said map[string][]map[string]any
}

func listen(o *engine.Options) *lines {
	l := &lines{Handler: o.Log.Handler(), said: map[string][]map[string]any{}}
	o.Log = slog.New(l)
	return l
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }

func (l *lines) Handle(ctx context.Context, r slog.Record) error {
	line := map[string]any{}
	r.Attrs(func(a slog.Attr) bool {
		line[a.Key] = a.Value.Any()
		return true
	})
	l.mu.Lock()
	l.said[r.Message] = append(l.said[r.Message], line)
	l.mu.Unlock()
	if l.Handler.Enabled(ctx, r.Level) {
		return l.Handler.Handle(ctx, r)
	}
	return nil
}

func (l *lines) of(message string) []map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said[message]
}

// spread is checkpoints of 20 s, of which 18 are for writing, with pages enough to fill them.
func spread(o *engine.Options) {
	o.CheckpointTimeout, o.CheckpointTarget, o.SharedBuffers, o.Now = 20*time.Second, 0.9, 1024, time.Now
}

func putMany(s store, from, n int) {
	for i := range n {
		s.put(key(from+i), strings.Repeat("v", 1500))
	}
}

func TestATimedCheckpointIsSpreadOverItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said *lines
		s, _ := newStore(t, vfs.NewMem(), spread, func(o *engine.Options) { said = listen(o) })
		putMany(s, 0, 2000)
		synctest.Wait()
		at := s.Positions().Insert
		time.Sleep(20*time.Second + 17*time.Second) // since Open
		synctest.Wait()
		if got := said.of("checkpoint complete"); len(got) != 1 { // the one that made this a primary
			t.Fatalf("a second before its time is over there are %d: %v", len(got), got)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		done := said.of("checkpoint complete")
		if len(done) != 2 {
			t.Fatalf("checkpoints: %v", done)
		}
		c := done[1]
		if c["write"].(float64) < 17 || c["write"].(float64) > 18.5 || c["total"].(float64) < c["write"].(float64) {
			t.Errorf("it took %v s to write, %v in all; want 18", c["write"], c["total"])
		}
		if c["buffers"].(int64) < 300 || c["syncFiles"].(int64) < 1 || c["redo"].(wal.LSN) < at || c["distanceKB"].(int64) < 2000 {
			t.Errorf("it says %v", c)
		}
		starting := said.of("checkpoint starting")
		if got := starting[len(starting)-1]["cause"]; got != "time" {
			t.Errorf("its cause is %q", got)
		}
		closeEngine(t, s.Engine)
	})
}

// Nobody waits longer for a checkpoint because one is being spread.
func TestWhoWaitsHurriesTheCheckpointUnderWay(t *testing.T) {
	for name, wait := range map[string]func(*testing.T, store){
		"CHECKPOINT": func(t *testing.T, s store) {
			if err := s.Checkpoint(t.Context()); err != nil {
				t.Error(err)
			}
		},
		"a shutdown": func(t *testing.T, s store) { closeEngine(t, s.Engine) },
		"a demotion": func(t *testing.T, s store) {
			if err := s.Demote(t.Context()); err != nil {
				t.Error(err)
			}
		},
		"a base backup": func(t *testing.T, s store) {
			b, err := s.BeginBackup(t.Context(), "a test", true)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.End(t.Context()); err != nil {
				t.Error(err)
			}
		},
		"a crash": func(t *testing.T, s store) { s.Abort() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := newStore(t, vfs.NewMem(), spread)
				putMany(s, 0, 2000)
				time.Sleep(25 * time.Second) // the checkpoint began 5 s ago
				synctest.Wait()
				began := time.Now()
				wait(t, s)
				if took := time.Since(began); took != 0 {
					t.Errorf("it took %s", took)
				}
				s.Abort()
			})
		})
	}
}

// A checkpoint keeps pace with the log as well, so that pg_wal stays near max_wal_size.
func TestCheckpointsKeepTheLogBelowMaxWALSize(t *testing.T) {
	const maxSize, segment = 16 << 20, 1 << 20
	synctest.Test(t, func(t *testing.T) {
		var said *lines
		s, _ := newStore(t, vfs.NewMem(), spread, func(o *engine.Options) {
			o.CheckpointTimeout, o.MaxWALSize, o.MinWALSize = 24*time.Hour, maxSize, 2*segment
			said = listen(o)
		})
		most := wal.LSN(0)
		long := strings.Repeat("v", 10_000) // much log by few calls
		for i := range 10_000 {
			s.put(key(i%200), long)
			time.Sleep(10 * time.Millisecond)
			if p := s.Positions(); p.Insert-p.Oldest > most {
				most = p.Insert - p.Oldest
			}
		}
		done := said.of("checkpoint complete")
		if len(done) < 6 {
			t.Fatalf("only %d checkpoints", len(done))
		}
		// PostgreSQL's target too is soft, by what the last segment before and after holds.
		if most > maxSize+2*segment {
			t.Errorf("%d bytes of log were there, max_wal_size is %d", most, maxSize)
		}
		recycled, slow := int64(0), 0
		for _, c := range done {
			recycled += c["walRecycled"].(int64)
			if c["write"].(float64) > 1 {
				slow++
			}
		}
		if recycled < 10 || slow < 3 {
			t.Errorf("%d segments were recycled, %d checkpoints were spread: %v", recycled, slow, done)
		}
		// Not all: none is kept that max_wal_size has no room for (XLOGfileslop).
		if n := s.Log().Turnover(); n.Recycled < 2*n.Removed || n.Recycled < n.Added {
			t.Errorf("segments: %+v; old ones were there to be used", n)
		}
		closeEngine(t, s.Engine)
	})
}

// A standby's restartpoints are spread as well, give up log, and recycle it.
func TestRestartpointsAreSpreadAndRecycle(t *testing.T) {
	const maxSize, segment = 24 << 20, 1 << 20
	synctest.Test(t, func(t *testing.T) {
		p, _ := newStore(t, vfs.NewMem(), spread, keepLog)
		o := options(t, clone(t, p.Engine), kv.Module)
		spread(&o)
		o.CheckpointTimeout, o.MaxWALSize, o.MinWALSize = 30*time.Second, maxSize, 2*segment
		said := listen(&o)
		s := storeOf(t, open(t, o), o)
		most := wal.LSN(0)
		for i := range 400 {
			putMany(p, (i*40)%1500, 40)
			time.Sleep(time.Second)
			follow(t, p.Engine, s.Engine)
			if p := s.Positions(); p.Insert-p.Oldest > most {
				most = p.Insert - p.Oldest
			}
		}
		done := said.of("restartpoint complete")
		recycled, slow := int64(0), 0
		for _, c := range done {
			recycled += c["walRecycled"].(int64)
			if c["write"].(float64) > 5 {
				slow++
			}
		}
		if len(done) < 5 || slow < 3 || recycled < 10 {
			t.Errorf("%d restartpoints, %d of them spread, %d segments recycled", len(done), slow, recycled)
		}
		if most > maxSize+6*segment {
			t.Errorf("%d bytes of log were there, max_wal_size is %d", most, maxSize)
		}
		// What it recycled does not confuse recovery: the standby starts again where it was.
		at := s.Positions().Replay
		s.Abort()
		again := options(t, o.FS.(*vfs.Mem).PowerCut(0), kv.Module)
		s = storeOf(t, open(t, again), again)
		if got := s.Positions().Replay; got < at {
			t.Errorf("recovery ends at %s, replay was at %s", got, at)
		}
		if a, b := p.count(), s.count(); a != b {
			t.Errorf("%d keys on the standby, %d on the primary", b, a)
		}
		closeEngine(t, s.Engine)
		closeEngine(t, p.Engine)
	})
}

// The first change of a page after a redo point carries its image, later ones do not.
func TestPagesAreLoggedWholeOnceAfterEachCheckpoint(t *testing.T) {
	s, _ := newStore(t, vfs.NewMem(), keepLog)
	s.put("a", "0")
	for range 3 {
		if err := s.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
		from := s.Positions().Insert
		for range 3 {
			s.put("a", "1")
		}
		if got := imagesFrom(t, s, from); len(got) != 3 || !got[0] || got[1] || got[2] {
			t.Errorf("images after a checkpoint: %v, want one in the first of three records", got)
		}
	}
	closeEngine(t, s.Engine)
}

// imagesFrom says of each record of kv whether it has a page image.
func imagesFrom(t *testing.T, s store, from wal.LSN) (images []bool) {
	t.Helper()
	src := s.Log().NewSource(s.History())
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: 1 << 20})
	for r.Seek(from); ; {
		rec, err := r.Next()
		if err == wal.ErrNotYet {
			return images
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.Rmgr == kv.ID {
			images = append(images, len(rec.Blocks) > 0 && rec.Blocks[0].HasImage())
		}
	}
}
