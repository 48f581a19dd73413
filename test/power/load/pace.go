package load

import "context"

// A pace lets others do as much as the clients: each of their steps gives a permit, unless too many lie
// there already.
type pace chan struct{}

func newPace() pace { return make(pace, 256) }

func (p pace) give() {
	select {
	case p <- struct{}{}:
	default:
	}
}

// take takes n permits; false if ctx ends first.
func (p pace) take(ctx context.Context, n int) bool {
	for range n {
		select {
		case <-p:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
