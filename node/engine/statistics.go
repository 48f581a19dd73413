package engine

import (
	"sync"
	"time"

	"github.com/redoubt-wal/redoubt/node/checkpoint"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// Statistics count what was done since Open.
type Statistics struct {
	Log segment.Statistics

	CheckpointsTimed, CheckpointsRequested int64 // online ones and restartpoints; requested: for any reason but time
	CheckpointWrite, CheckpointSync        time.Duration
	CheckpointPages                        int64
}

// checkpointCount is Statistics without the log's.
type checkpointCount struct {
	mu sync.Mutex
	Statistics
}

func (c *checkpointCount) add(cause checkpoint.Cause, r checkpoint.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cause == checkpoint.ByTime {
		c.CheckpointsTimed++
	} else {
		c.CheckpointsRequested++
	}
	c.CheckpointWrite += r.Write
	c.CheckpointSync += r.Sync
	c.CheckpointPages += int64(r.Buffers)
}

// Statistics tells the counters. Any goroutine may ask.
func (e *Engine) Statistics() Statistics {
	e.checkpointed.mu.Lock()
	defer e.checkpointed.mu.Unlock()
	s := e.checkpointed.Statistics
	s.Log = e.log.Statistics()
	return s
}

// noteCommit remembers when the transaction was committed, or aborted, that is being replayed.
func (e *Engine) noteCommit(rec *wal.Record) {
	if op := rec.Info & wal.XactOpMask; op != wal.XactCommit && op != wal.XactAbort {
		return
	}
	if end, err := wal.DecodeXactEnd(rec.Info, rec.Main); err == nil {
		e.lastCommit.Store(end.Time + wal.EpochMicros)
	}
}

// ReplayTime is when the transaction was committed that was replayed last, by the clock of its primary;
// zero if none was since Open.
func (e *Engine) ReplayTime() time.Time {
	if µs := e.lastCommit.Load(); µs != 0 {
		return time.UnixMicro(µs).UTC()
	}
	return time.Time{}
}
