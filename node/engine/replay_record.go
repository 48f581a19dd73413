package engine

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// take counts a record and replays it, unless replay has to stop before it.
func (r *replayer) take(ctx context.Context, rec *wal.Record) error {
	in := r.note(rec)
	if r.paused {
		r.e.replay.sawRecord(rec.End)
		return nil
	}
	if p := in.Problem(rec.LSN); p != nil {
		return r.pause(&control.ReplayPause{LSN: rec.LSN, Reason: string(p.Reason), Detail: p.Error()}, rec)
	}
	err := r.apply(rec, in.Format)
	if _, after := willPass(err); after != 0 {
		err = r.applyOnceItPasses(ctx, rec, in.Format, err)
	}
	if err != nil {
		if err := cmp.Or(r.e.Err(), context.Cause(ctx)); err != nil {
			return err // and no record after this one is taken
		}
		return r.pause(&control.ReplayPause{LSN: rec.LSN, Reason: "RedoFailed", Detail: err.Error()}, rec)
	}
	return nil
}

// note counts a record and says what is in force at it.
func (r *replayer) note(rec *wal.Record) *recovery.InForce {
	_ = r.formats.Read(rec) // one that cannot be read is left to redo, which refuses it
	if rec.LSN >= r.counted {
		r.e.noteRecord(r.history.TLIAt(rec.LSN), rec, &r.formats)
	}
	return r.formats.Of(rec.Rmgr)
}

// pause stops replay before rec. The log goes on being received, made durable and counted.
func (r *replayer) pause(p *control.ReplayPause, rec *wal.Record) error {
	if err := r.tell(); err != nil {
		return err
	}
	r.paused = true
	r.e.o.Log.Warn("replay is paused", "lsn", p.LSN, "reason", p.Reason, "detail", p.Detail)
	r.e.replay.stopAt(p)
	r.e.replay.sawRecord(rec.End)
	return nil
}

// willPass gives the reason of an error that is no fault of the record, and after how long to try again; 0 for
// any other error.
func willPass(err error) (reason string, after time.Duration) {
	switch {
	case isFull(err):
		return "NoSpace", time.Second
	case errors.Is(err, buffer.ErrNoBuffers):
		return "NoBuffers", 10 * time.Millisecond
	case vfs.NoDescriptors(err):
		return "NoDescriptors", time.Second
	}
	return "", 0
}

// applyOnceItPasses repeats apply, which err has kept from working, until what was wrong has passed. The log
// goes on being received, and the pages can be read: this takes part in nothing that others may wait for.
func (r *replayer) applyOnceItPasses(ctx context.Context, rec *wal.Record, format rmgr.Format, err error) error {
	said := ""
	for reason, after := willPass(err); after != 0; reason, after = willPass(err) {
		if said != reason {
			r.e.o.Log.Warn("replay waits", "lsn", rec.LSN, "reason", reason, "detail", err)
			said = reason
		}
		if err := r.tell(); err != nil {
			return err
		}
		r.applier.Release()
		r.e.replay.stopAt(&control.ReplayPause{LSN: rec.LSN, Reason: reason, Detail: err.Error()})
		select {
		case <-time.After(after):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		err = r.apply(rec, format)
	}
	r.e.replay.stopAt(nil)
	return err
}

// apply replays one record, with no reader of its manager's pages beside it.
func (r *replayer) apply(rec *wal.Record, format rmgr.Format) error {
	if !r.started {
		if err := r.e.startManagers(); err != nil {
			return err
		}
		r.started = true
	}
	if rec.Rmgr == wal.RmgrXLOG {
		if err := r.switchTimeline(rec); err != nil {
			return err
		}
	}
	r.hold(&r.e.managers[rec.Rmgr])
	if err := r.applier.Apply(rec, format); err != nil {
		return err
	}
	r.e.xids.Seen(rec.Xid)
	switch rec.Rmgr {
	case wal.RmgrModules:
		r.followModules(rec)
		r.e.replay.modulesCame(rec.Prev, rec.End)
	case wal.RmgrXLOG:
		if err := r.followXLOG(rec); err != nil {
			return err
		}
	}
	r.last, r.end, r.untold = rec.LSN, rec.End, true
	return nil
}

// noteRecord tells the census of a record and the formats in force at it.
func (e *Engine) noteRecord(tli wal.TimelineID, rec *wal.Record, formats *recovery.Formats) {
	switch {
	case rec.Rmgr == wal.RmgrModules:
		if s := formats.Snapshot(); s != nil {
			e.census.InForce(tli, rec.LSN, *s)
		}
	case rec.Rmgr == wal.RmgrTransaction:
		e.noteCommit(rec)
	case rec.Rmgr.Custom():
		e.census.Note(tli, formats.Of(rec.Rmgr).Need(rec.LSN), rec.LSN)
	}
}
