package engine

import (
	"context"
	"sync"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// Until the pages agree nobody reads them, so they need not change in the order of the log. The
// replayer is worker 0 then: besides its share of the pages it does all that records mean for the node.
//
//	           segment          segment          segment   end of what is here
//	replayer │▒▒▒▒▒▒▒▒▒▒▒▒    │▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒ ╳    │ then alone, as always
//	worker 1 │▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒▒▒▒▒▒    │▒▒▒▒▒▒▒▒▒▒▒▒│
//	                          ▲ they meet, and others hear how far replay is
//
// If one of them cannot go on, for whatever reason, the replayer goes back to where they met last and
// replays alone from there: so an error is found at its record, with everything before it replayed.

// A companion is a worker beside the replayer.
type companion struct {
	recovery.Worker
	source *segment.Source
}

// replayTogether replays the log up to end, all of which is here, with as many workers as the options
// ask for.
func (r *replayer) replayTogether(ctx context.Context, end wal.LSN) error {
	n := min(r.e.o.RedoWorkers, r.e.pool.Size()/pagesPerWorker)
	if n < 2 || r.e.replay.isConsistent() || r.e.startManagers() != nil {
		return nil
	}
	companions := r.companions(n)
	defer func() {
		for _, c := range companions {
			c.Applier.Release()
			c.source.Close()
		}
	}()
	r.applier.Share = recovery.Share{Of: n}
	defer func() { r.applier.Share = recovery.Share{} }()
	for r.reader.End() < end && ctx.Err() == nil {
		met := r.meeting()
		until := min(end, r.e.segmentStart(r.reader.End())+wal.LSN(r.e.segSize))
		if err := r.replayStretch(ctx, companions, until); err != nil {
			if ctx.Err() == nil {
				r.e.o.Log.Info("redo goes on with one worker", "lsn", met.end, "reason", err)
			}
			return r.goBack(met)
		}
		if err := r.tell(); err != nil {
			return err
		}
	}
	return nil
}

// pagesPerWorker is how many pages of the pool there have to be for each worker, which pins some.
const pagesPerWorker = buffer.MinPages / 2

func (r *replayer) companions(n int) []*companion {
	var all []*companion
	for i := 1; i < n; i++ {
		c := &companion{source: r.e.log.NewSource(r.history)}
		c.Applier = recovery.Applier{Table: r.e.o.Table, Pool: r.e.pool, Logger: r.e.o.Log, Kill: r.e.o.Signal,
			Share: recovery.Share{Worker: i, Of: n}}
		c.Formats = recovery.Formats{Table: r.e.o.Table, Otherwise: r.e.formatWithoutModule}
		c.Formats.Set(r.formats.Snapshot())
		c.Reader = wal.NewReader(c.source, wal.ReaderOptions{SegmentSize: r.e.segSize, SystemID: r.e.system})
		c.Reader.Seek(r.reader.End())
		all = append(all, c)
	}
	return all
}

// replayStretch replays the records that start before until, and returns when all workers have.
func (r *replayer) replayStretch(ctx context.Context, companions []*companion, until wal.LSN) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	for _, c := range companions {
		group.Go(func() {
			if err := c.Replay(ctx, until); err != nil {
				cancel(err)
			}
		})
	}
	if err := r.ahead.Each(ctx, r.reader, until, &r.applier, r.takeShare); err != nil {
		cancel(err)
	}
	group.Wait()
	return context.Cause(ctx)
}

// takeShare is take, for the replayer's own pages.
func (r *replayer) takeShare(rec *wal.Record) error {
	in := r.note(rec)
	if p := in.Problem(rec.LSN); p != nil {
		return p
	}
	return r.apply(rec, in.Format)
}

// A meeting is where all workers have replayed the same records.
type meeting struct {
	last, end wal.LSN
	timeline  wal.TimelineID
	snapshot  *modules.Snapshot // read last
	inForce   *modules.Snapshot // for everyone
}

func (r *replayer) meeting() meeting {
	return meeting{r.last, r.reader.End(), r.e.replay.timeline(), r.formats.Snapshot(), r.e.snapshot.Load()}
}

// goBack makes the replayer what it was at a meeting, so that it takes what follows once more.
func (r *replayer) goBack(m meeting) error {
	r.hold(nil)
	r.last, r.end, r.untold = m.last, m.end, false
	r.e.replay.setTimeline(m.timeline)
	r.formats.Set(m.snapshot)
	r.e.snapshot.Store(m.inForce)
	return r.openAt(m.end, m.last)
}
