package checkpoint

import (
	"context"
	"time"
)

// retryAfter is how long the loop waits after a checkpoint that failed: the disk may have room again.
const retryAfter = 10 * time.Second

// Loop makes checkpoints until ctx ends: one each timeout, and one whenever nudge has something, which
// is how the engine says that much log was written. run tells whether it went well; it decides by
// itself that there is nothing to do.
func Loop(ctx context.Context, timeout time.Duration, nudge <-chan struct{}, run func(context.Context) error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-nudge:
		}
		next := timeout
		if err := run(ctx); err != nil {
			next = min(retryAfter, timeout)
		}
		timer.Reset(next)
	}
}
