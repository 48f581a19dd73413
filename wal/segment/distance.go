package segment

import "github.com/redoubt-wal/redoubt/wal"

// distance estimates how much log is written between two checkpoints: it follows a larger distance at
// once and a smaller one slowly, so that segments are kept for bursts (UpdateCheckPointDistanceEstimate).
type distance struct{ last, estimate float64 }

func (d *distance) observe(bytes float64) {
	d.last = bytes
	if bytes > d.estimate {
		d.estimate = bytes
	} else {
		d.estimate = 0.90*d.estimate + 0.10*bytes
	}
}

// checkpointSpread is checkpoint_completion_target: how much of the next interval a checkpoint takes.
const checkpointSpread = 0.9

// horizon is up to where recycled segments are worth keeping (XLOGfileslop), on a segment boundary.
func (d *distance) horizon(redo wal.LSN, minSize, maxSize, segSize int64) wal.LSN {
	segment := int64(redo) / segSize
	want := int64(float64(redo)+(1+checkpointSpread)*d.estimate*1.10)/segSize + 1
	low := segment + minSize/segSize - 1
	high := segment + maxSize/segSize - 1
	return wal.LSN((min(max(want, low), max(high, low)) + 1) * segSize)
}

// moveRedo sets the redo pointer and learns from the distance. The caller holds mu.
func (l *Log) moveRedo(redo wal.LSN) {
	if old := wal.LSN(l.redo.Load()); old != 0 && redo > old {
		l.checkpoint.observe(float64(redo - old))
	}
	l.redo.Store(uint64(redo))
}
