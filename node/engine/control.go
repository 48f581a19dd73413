package engine

import (
	"sync/atomic"
	"time"

	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/latch"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// controlKeeper is pg_control and the only one who writes it.
type controlKeeper struct {
	fs  vfs.FS
	dir string
	now func() time.Time

	latch latch.Latch // held while the file is written
	file  atomic.Pointer[controlfile.File]
}

// get is what the file holds durably. It does not wait for who writes it.
func (k *controlKeeper) get() controlfile.File { return *k.file.Load() }

// update changes the file, durably. If the change makes no difference nothing is written.
func (k *controlKeeper) update(change func(*controlfile.File)) error {
	k.latch.Lock()
	defer k.latch.Unlock()
	now := k.get()
	next := now
	change(&next)
	if next == now {
		return nil
	}
	next.Time = k.now()
	if err := controlfile.Write(k.fs, k.dir, &next); err != nil {
		return err
	}
	k.file.Store(&next)
	return nil
}

// updateControl is update for callers that cannot go on without it.
func (e *Engine) updateControl(change func(*controlfile.File)) error {
	if err := e.control.update(change); err != nil {
		return e.fail(err)
	}
	return nil
}

// beforeWrite keeps "no page before its log": a primary flushes the log that describes the page; in
// recovery, where only durable log is replayed, pg_control learns that pages this new may be on disk.
func (e *Engine) beforeWrite(lsn wal.LSN) error {
	if err := e.Err(); err != nil {
		return err
	}
	if e.closed.Load() {
		return errClosed
	}
	if !e.InRecovery() {
		return e.logError(e.log.Flush(lsn))
	}
	if e.control.get().MinRecoveryPoint >= lsn {
		return nil
	}
	return e.raiseMinRecoveryPoint(max(lsn, e.replay.position()))
}

func (e *Engine) raiseMinRecoveryPoint(lsn wal.LSN) error {
	return e.updateControl(func(f *controlfile.File) {
		if lsn > f.MinRecoveryPoint {
			f.MinRecoveryPoint = lsn
			f.MinRecoveryTimeline = max(f.MinRecoveryTimeline, e.replay.timeline())
		}
	})
}
