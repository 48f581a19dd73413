package node

import (
	"context"
	"errors"
)

// errStopAsked ends a start whose recovery was still under way when a stop was asked for.
var errStopAsked = errors.New("stopped during recovery")

// recover takes the data directory that is here into use. As PostgreSQL's startup process does, it gives up
// when a stop is asked for, smart or fast: nobody is connected yet, and the next start replays the same log.
func (n *Node) recover(ctx context.Context) error {
	recovering, giveUp := context.WithCancelCause(n.run)
	defer giveUp(nil)
	recovered, ended := make(chan struct{}), make(chan struct{})
	n.tasks.Go(func() {
		defer close(ended)
		select {
		case <-recovered:
			return
		case <-ctx.Done():
		case <-n.stopAsked:
		case <-n.smartAsked:
		}
		giveUp(errStopAsked)
	})
	l, err := n.openLocal(recovering)
	close(recovered)
	<-ended
	if errors.Is(err, errStopAsked) {
		n.log.Info("recovery was given up: a stop was asked for")
	}
	if err != nil {
		return n.notOpened(err)
	}
	n.take(l)
	return context.Cause(recovering) // asked for at the last moment: it has been heard here and nowhere else
}
