package engine

import (
	"context"
	"errors"
	"io"
	"path"
	"sync"
	"sync/atomic"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/node/census"
	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/latch"
	"github.com/redoubt-wal/redoubt/node/storage"
	"github.com/redoubt-wal/redoubt/node/txn"
	"github.com/redoubt-wal/redoubt/rmgr/modules"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// An Engine is one node's data directory in use. Its methods may be called concurrently.
//
// Latches, in the order they are taken: roles, gate, managers, checkpoints, snapshots, a page's, noting.
type Engine struct {
	o       Options
	system  uint64
	segSize uint64

	lock    io.Closer // of the directory
	control controlKeeper
	log     *segment.Log
	store   *storage.Store
	pool    *buffer.Pool
	census  *census.Census

	checkpointed checkpointCount
	lastCommit   atomic.Int64 // replayed: microseconds of Unix time; 0: none was
	xids         txn.Xids
	insert       inserting
	backups      backups

	roles       latch.Latch      // held by Promote, Demote, Follow and Close: one at a time
	gate        latch.Latch      // shared by writes; exclusive while the role or the MODULES snapshot changes
	managers    [256]latch.Latch // a manager's pages: exclusive for writes and replay, shared for reads
	checkpoints latch.Latch      // one checkpoint at a time, and none while the role changes
	snapshots   latch.Latch      // held from looking at the MODULES snapshot to having logged it
	noting      latch.Latch      // shared between a record's insertion and its note in the census

	ctx    context.Context // ends with Close or Abort
	cancel context.CancelCauseFunc
	tasks  sync.WaitGroup
	nudge  chan checkpoint.Cause // a checkpoint is due
	haste  checkpoint.Haste      // somebody waits for the latch of checkpoints

	failure failure
	replay  replayState

	recovering atomic.Bool
	snapshot   atomic.Pointer[modules.Snapshot] // in force
	history    atomic.Pointer[wal.History]
	oldest     atomic.Uint64 // start of the oldest segment; 0: not looked for yet
	closed     atomic.Bool

	inModule [256]bool // managers that came with a module; others are registered by tests and tools
}

// Positions say how far the engine is.
type Positions struct {
	Timeline       wal.TimelineID // of the log written or received last
	Insert         wal.LSN        // end of the last record inserted or byte received
	Write          wal.LSN        // handed to the operating system
	Flush          wal.LSN        // durable
	Replay         wal.LSN        // applied to pages; on a primary the same as Insert
	Redo           wal.LSN        // where crash recovery would begin
	Oldest         wal.LSN        // start of the oldest segment
	LastCheckpoint wal.LSN        // start of the record of the last checkpoint or restartpoint
	Consistent     bool           // replay has reached the point from which pages agree with each other
}

// InRecovery reports whether the engine is read-only.
func (e *Engine) InRecovery() bool { return e.recovering.Load() }

// Positions says how far the engine is.
func (e *Engine) Positions() Positions {
	c := e.control.get()
	p := Positions{
		Timeline: e.log.Timeline(),
		Redo:     c.CheckPointCopy.Redo, LastCheckpoint: c.CheckPoint,
		Consistent: e.replay.isConsistent(),
	}
	p.Flush, p.Write, p.Insert = e.log.FlushedLSN(), e.log.WrittenLSN(), e.log.InsertLSN()
	p.Replay = p.Insert
	if e.InRecovery() {
		p.Replay = e.replay.position()
	}
	if p.Oldest = wal.LSN(e.oldest.Load()); p.Oldest == 0 {
		p.Oldest = e.lookForOldest()
	}
	return p
}

// lookForOldest lists the log's directory; it changes only when log is given up or the first comes. Who gives it up
// looks: others only ask for positions, and do not wait for the disk.
func (e *Engine) lookForOldest() wal.LSN {
	oldest := e.log.Oldest()
	e.oldest.Store(uint64(oldest))
	return oldest
}

// Log is the log.
func (e *Engine) Log() *segment.Log { return e.log }

// History is the ancestry of the timeline that the engine writes or follows.
func (e *Engine) History() wal.History { return *e.history.Load() }

// SystemID is the cluster's identifier.
func (e *Engine) SystemID() uint64 { return e.system }

// SegmentSize is the size of a log segment, in bytes.
func (e *Engine) SegmentSize() uint32 { return uint32(e.segSize) }

// Modules is the MODULES snapshot in force at the replay or insert position.
func (e *Engine) Modules() modules.Snapshot { return *e.snapshot.Load() }

// ReplayChanged is closed when Positions().Replay advances next, or replay pauses, or recovery ends.
// Take the channel, look, then wait.
func (e *Engine) ReplayChanged() <-chan struct{} { return e.replay.changed.channel() }

// ReplayPause says why replay does not go on although there is log; nil if it does.
func (e *Engine) ReplayPause() *control.ReplayPause { return e.replay.paused() }

// SwitchWAL ends the log segment; it returns the end of the switch record, which is durable.
func (e *Engine) SwitchWAL(ctx context.Context) (wal.LSN, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.gate.RUnlock()
	end, err := e.log.SwitchSegment()
	return end, e.logError(err)
}

// RestorePoint names a position in the log and returns the end of the record that does. Durable on return.
func (e *Engine) RestorePoint(ctx context.Context, name string) (wal.LSN, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.gate.RUnlock()
	var b wal.Builder
	b.Begin(wal.RmgrXLOG, wal.XLogRestorePoint)
	b.AddMain(wal.RestorePoint{Time: e.o.Now().UnixMicro() - wal.EpochMicros, Name: name}.Append(nil))
	if err := b.Finish(); err != nil {
		return 0, err
	}
	for {
		_, end, err := e.log.Insert(&b, e.log.RedoPointer()) // as a change: not into the room that is kept for checkpoints
		switch {
		case errors.Is(err, segment.ErrRedoMoved):
			continue
		case err != nil:
			return 0, e.logError(err)
		}
		return end, e.logError(e.log.Flush(end))
	}
}

// ControlFile is what pg_control says.
func (e *Engine) ControlFile() controlfile.File { return e.control.get() }

// enter takes the gate for a write.
func (e *Engine) enter(ctx context.Context) error {
	if err := e.gate.RLockContext(ctx); err != nil {
		return err
	}
	if err := e.mayWrite(); err != nil {
		e.gate.RUnlock()
		return err
	}
	return nil
}

func (e *Engine) mayWrite() error {
	switch {
	case e.Err() != nil:
		return e.Err()
	case e.closed.Load():
		return errClosed
	case e.InRecovery():
		return errInRecovery
	}
	return nil
}

// spawn runs a background task until it ends by itself or with e.ctx.
func (e *Engine) spawn(task func()) {
	e.tasks.Add(1)
	go func() {
		defer e.tasks.Done()
		task()
	}()
}

func (e *Engine) path(name string) string { return path.Join(e.o.Dir, name) }

// Buffers counts what the page buffers did since Open.
func (e *Engine) Buffers() buffer.Stats { return e.pool.Stats() }
