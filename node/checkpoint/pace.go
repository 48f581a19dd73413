package checkpoint

import (
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// A Pace spreads a checkpoint's writes over the time until the next one is due, whether that will be
// because of checkpoint_timeout or because of max_wal_size (IsCheckpointOnSchedule). It is a plan only:
// who writes asks it.
//
//	pages   ├──────────────┤ done/total × Target
//	time    ├──────────┤     since Began, of Timeout
//	log     ├────────────┤   since From, of Distance
//	        0             └ ahead of both: there is time for a rest                 1
type Pace struct {
	Target   float64       // checkpoint_completion_target, 0 to 1; 0: never rest
	Timeout  time.Duration // checkpoint_timeout
	Distance wal.LSN       // bytes of log that make the next checkpoint due

	Began time.Time // when the checkpoint began
	From  wal.LSN   // where the log was then: its end, on a standby the replay position
}

// Rest is how long a writer that is ahead waits before it asks again.
const Rest = 100 * time.Millisecond

// Ahead reports whether writing may rest: done of total pages are written, it is now, and the log has
// come to at.
func (p Pace) Ahead(done, total int, now time.Time, at wal.LSN) bool {
	progress := p.Target * float64(done) / float64(max(total, 1))
	return p.Target > 0 && progress >= float64(at-min(p.From, at))/float64(p.Distance) &&
		progress >= float64(now.Sub(p.Began))/float64(p.Timeout)
}

// Distance is how many bytes of log after the redo point make a checkpoint due, so that the log of
// two checkpoints, the last and the one being made, stays below max_wal_size (CalculateCheckpointSegments).
func Distance(maxWALSize int64, target float64) wal.LSN {
	return wal.LSN(float64(maxWALSize) / (1 + target))
}
