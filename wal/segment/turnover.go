package segment

import "sync/atomic"

// Turnover counts segment files since Open.
type Turnover struct {
	Added    int64 // made new
	Recycled int64 // old ones that became future ones
	Removed  int64
}

type turnover struct{ added, recycled, removed atomic.Int64 }

// Turnover counts what became of segment files since Open.
func (l *Log) Turnover() Turnover {
	t := &l.files.turnover
	return Turnover{t.added.Load(), t.recycled.Load(), t.removed.Load()}
}

// CheckpointDistance is how many bytes of log lay between the last two redo points, and how many are
// expected until the next one.
func (l *Log) CheckpointDistance() (last, estimate int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(l.checkpoint.last), int64(l.checkpoint.estimate)
}
