package engine

import (
	"fmt"
	"time"

	"github.com/redoubt-wal/redoubt/node/recovery"
	"github.com/redoubt-wal/redoubt/wal"
)

// followModules puts a snapshot in force.
func (r *replayer) followModules(rec *wal.Record) {
	r.e.snapshot.Store(r.formats.Snapshot())
	for _, p := range recovery.Problems(r.e.o.Table, r.formats.Snapshot().Needs()) {
		r.e.o.Log.Warn("records of a module may come that cannot be replayed here", "lsn", rec.LSN, "reason", p.Reason, "detail", p.Error())
	}
}

// followXLOG does what a record means for the node itself.
func (r *replayer) followXLOG(rec *wal.Record) error {
	switch rec.Op() {
	case wal.XLogCheckpointOnline, wal.XLogCheckpointShutdown:
		c, err := wal.DecodeCheckpoint(rec.Main)
		if err != nil {
			return err
		}
		r.e.replayedCheckpoint(rec, c)
	case wal.XLogFPWChange:
		v, err := wal.DecodeFPWChange(rec.Main)
		if err != nil {
			return err
		}
		r.e.replay.imagesSwitched(v.On, rec.End)
	case wal.XLogOverwriteContRecord:
		return r.passedOver(rec)
	case wal.XLogBackupEnd:
		b, err := wal.DecodeBackupEnd(rec.Main)
		if err != nil {
			return err
		}
		r.e.replay.backupEnded(b.Start)
	}
	return nil
}

// passedOver checks that the half-written record which was passed over is the one that rec gives up.
func (r *replayer) passedOver(rec *wal.Record) error {
	v, err := wal.DecodeOverwriteContRecord(rec.Main)
	if err != nil {
		return err
	}
	if v.Overwritten != rec.PassedOver {
		return fmt.Errorf("mismatching overwritten lsn %s -> %s: %w", v.Overwritten, rec.PassedOver, wal.ErrCorrupt)
	}
	r.e.o.Log.Info("successfully skipped missing contrecord", "lsn", v.Overwritten, "time", time.UnixMicro(v.Time+wal.EpochMicros).UTC())
	return nil
}

// switchTimeline follows a record that begins a timeline: it must come from the one we are on, and be
// part of the history.
func (r *replayer) switchTimeline(rec *wal.Record) error {
	var now, prev wal.TimelineID
	switch rec.Op() {
	case wal.XLogCheckpointShutdown:
		c, err := wal.DecodeCheckpoint(rec.Main)
		if err != nil {
			return err
		}
		now, prev = c.Timeline, c.PrevTimeline
	case wal.XLogEndOfRecovery:
		v, err := wal.DecodeEndOfRecovery(rec.Main)
		if err != nil {
			return err
		}
		now, prev = v.Timeline, v.PrevTimeline
	default:
		return nil
	}
	current := r.e.replay.timeline()
	switch {
	case now == current:
		return nil
	case prev != current:
		return fmt.Errorf("record at %s begins timeline %d after timeline %d, and replay is on timeline %d: %w", rec.LSN, now, prev, current, wal.ErrCorrupt)
	case now < current || r.history.TLIAt(rec.LSN) != now:
		return fmt.Errorf("record at %s begins timeline %d, which is not in this node's history: %w", rec.LSN, now, wal.ErrCorrupt)
	}
	r.e.replay.setTimeline(now)
	return nil
}
