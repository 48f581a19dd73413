package checkpoint

import (
	"context"
	"time"
)

// A Cause is why a checkpoint is made, in the words of PostgreSQL's log.
type Cause string

const (
	ByTime        Cause = "time"                 // checkpoint_timeout
	ByLog         Cause = "wal"                  // max_wal_size
	Forced        Cause = "force"                // after a promotion, at leisure
	Requested     Cause = "immediate force wait" // somebody waits for it
	AtShutdown    Cause = "shutdown immediate"
	AfterRecovery Cause = "end-of-recovery immediate wait"
)

// AtLeisure reports whether the checkpoint may be spread over time.
func (c Cause) AtLeisure() bool { return c == ByTime || c == ByLog || c == Forced }

// retryAfter is how long the loop waits after a checkpoint that failed: the disk may have room again.
const retryAfter = 10 * time.Second

// Loop makes checkpoints until ctx ends: one each timeout, from the beginning of one to that of the
// next, and one whenever nudge has a cause, which is how the engine says that much log was written. run
// tells whether it went well; it decides by itself that there is nothing to do.
func Loop(ctx context.Context, timeout time.Duration, nudge <-chan Cause, run func(context.Context, Cause) error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		cause := ByTime
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case cause = <-nudge:
		}
		timer.Reset(timeout)
		if err := run(ctx, cause); err != nil {
			timer.Reset(min(retryAfter, timeout))
		}
	}
}
