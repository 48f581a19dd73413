package engine_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// alone is a manager without what it could do beyond a Manager: all its pages are one worker's.
type alone struct{ rmgr.Manager }

// crashed is the disk of a primary that has written some segments of every kind of record and is gone.
func crashed(t *testing.T, change ...func(*engine.Options)) *vfs.Mem {
	m := vfs.NewMem()
	initDir(t, m, kv.Module, ledger.Module)
	o := options(t, m, kv.Module, ledger.Module)
	for _, c := range change {
		c(&o)
	}
	e := primary(t, o)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		var err error
		switch k := key(random.IntN(900)); i % 10 {
		case 8:
			_, _, err = call(e, o.Table, "kv_delete", k)
		case 9:
			_, _, err = call(e, o.Table, "ledger_open", fmt.Sprint("account", i), int64(i))
		default:
			_, _, err = call(e, o.Table, "kv_put", k, strings.Repeat("v", random.IntN(1500)*(1+i%40/39*20)))
		}
		if err != nil {
			t.Fatal(err)
		}
		if i == 700 {
			if err := e.Checkpoint(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := e.Log().Flush(e.Log().InsertLSN()); err != nil {
		t.Fatal(err)
	}
	e.Abort()
	return m
}

// However many workers share the pages, they come out the same, and none of them gives up.
func TestAnyNumberOfWorkersMakesTheSamePages(t *testing.T) {
	for what, change := range map[string]func(*engine.Options){
		"as usual":                               func(*engine.Options) {},
		"every page compared with the primary's": func(o *engine.Options) { o.ConsistencyChecking = []string{"all"} },
		"without images":                         func(o *engine.Options) { o.FullPageWrites = false },
	} {
		t.Run(what, func(t *testing.T) {
			m := crashed(t, change)
			var want any
			for _, c := range []struct {
				workers, pages int
				kv             rmgr.Module
			}{
				{1, 128, kv.Module}, {2, 128, kv.Module}, {3, 1000, kv.Module}, {4, 4000, kv.Module}, {16, 4000, kv.Module},
				{4, 4000, kvWith(func(m rmgr.Manager) rmgr.Manager { return alone{m} })},
			} {
				o := options(t, m.PowerCut(0), c.kv, ledger.Module)
				o.SharedBuffers, o.RedoWorkers = c.pages, c.workers
				var said bytes.Buffer
				o.Log = slog.New(slog.NewTextHandler(&said, nil))
				e := open(t, o)
				got := []any{digests(t, e), e.Positions().Replay, e.Positions().Timeline}
				if want == nil {
					want = got
				}
				if diff := cmp.Diff(want, any(got)); diff != "" {
					t.Errorf("%d workers, %d pages (-one worker +these):\n%s", c.workers, c.pages, diff)
				}
				if strings.Contains(said.String(), "one worker") {
					t.Errorf("%d workers, %d pages: %s", c.workers, c.pages, &said)
				}
				e.Abort()
			}
		})
	}
}

// failing is kv that cannot redo the record at one place in the log.
type failing struct {
	rmgr.Manager
	rmgr.Pagewise
	at *atomic.Uint64
}

func (m failing) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	if uint64(rec.LSN) == m.at.Load() {
		return fmt.Errorf("no")
	}
	return m.Manager.Redo(ctx, rec)
}

// What stops replay is found at the same record by any number of workers, with the same words, and those
// who come with a mended module go on from it.
func TestAnErrorIsFoundAtItsRecordByAnyNumberOfWorkers(t *testing.T) {
	m := crashed(t)
	at := someRecord(t, m)
	var want any
	for _, workers := range []int{1, 2, 4} {
		disk := m.PowerCut(0)
		var lsn atomic.Uint64
		lsn.Store(uint64(at))
		o := options(t, disk, kvWith(func(m rmgr.Manager) rmgr.Manager { return failing{m, m.(rmgr.Pagewise), &lsn} }), ledger.Module)
		o.RedoWorkers, o.SharedBuffers = workers, 1000
		e := open(t, o)
		pause := e.ReplayPause()
		if pause == nil || pause.LSN != at {
			t.Fatalf("%d workers: pause is %+v, want one at %s", workers, pause, at)
		}
		got := []any{*pause, e.Positions().Replay}
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, any(got)); diff != "" {
			t.Errorf("%d workers (-one worker +these):\n%s", workers, diff)
		}
		e.Abort()
		lsn.Store(0)
		e = open(t, o)
		mended := digests(t, e)
		e.Abort()
		o = options(t, m.PowerCut(0), kv.Module, ledger.Module)
		e = open(t, o)
		if diff := cmp.Diff(digests(t, e), mended); diff != "" {
			t.Errorf("%d workers, the start after: (-never stopped +stopped)\n%s", workers, diff)
		}
		e.Abort()
	}
}

// someRecord is the start of a record of kv in the second half of the log that has to be replayed.
func someRecord(t *testing.T, m *vfs.Mem) wal.LSN {
	t.Helper()
	o := options(t, m.PowerCut(0), kv.Module, ledger.Module)
	e := open(t, o)
	defer e.Abort()
	p := e.Positions()
	src := e.Log().NewSource(e.History())
	defer src.Close()
	r := wal.NewReader(src, wal.ReaderOptions{SegmentSize: 1 << 20})
	for r.Seek(p.Redo); ; {
		rec, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if rec.Rmgr == kv.ID && rec.LSN > (p.Redo+p.Replay)/2 && len(rec.Blocks) == 2 {
			return rec.LSN
		}
	}
}

// A disk that is full under one of the workers is waited for.
func TestWorkersWaitForRoom(t *testing.T) {
	m := crashed(t)
	synctest.Test(t, func(t *testing.T) {
		o := options(t, m, kv.Module, ledger.Module)
		full := vfs.NewFault(o.FS, &vfs.Rule{Op: vfs.OpWrite, Path: "125[12]0?", After: 3, Times: 5, Err: syscall.ENOSPC})
		o.FS, o.RedoWorkers = full, 2
		e := open(t, o)
		defer e.Abort()
		if pause := e.ReplayPause(); pause == nil || pause.Reason != "NoSpace" {
			t.Errorf("pause is %+v", pause)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if pause := e.ReplayPause(); pause != nil {
			t.Errorf("pause is %+v", pause)
		}
		digests(t, e)
	})
}
