package watch

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/redoubt-wal/redoubt/api/control"
)

// A stream is one instance's. Its fields are guarded by the hub's mutex.
type stream struct {
	hub        *Hub
	cluster    types.NamespacedName
	address    string
	roots      *x509.CertPool // whose certificates are taken there
	client     *control.Client
	cancel     context.CancelFunc
	generation int
	heard      Heard
}

// Between two attempts to reach an instance: short at first, because a process that has just died may
// still be closing its door.
const (
	redialFirst = 20 * time.Millisecond
	redialLast  = 250 * time.Millisecond
)

// run listens until ctx ends.
func (s *stream) run(ctx context.Context, client *control.Client, generation int) {
	defer client.Close()
	redial := redialFirst
	for ctx.Err() == nil {
		heard := false
		err := s.listen(ctx, client, func(status control.Status) {
			heard = true
			s.line(generation, status)
		})
		if ctx.Err() != nil {
			return
		}
		if heard {
			redial = redialFirst
		}
		if heard && !errors.Is(err, errSilent) {
			again := false
			if again, err = s.confirm(ctx, client, generation); again {
				continue
			}
		}
		s.down(generation, err)
		select {
		case <-ctx.Done():
		case <-time.After(redial):
		}
		redial = min(2*redial, redialLast)
	}
}

// confirm tries once more, at once, where a stream has just ended: that tells a dead process from a
// dropped connection. It returns when that stream has ended, too, and whether it was there.
func (s *stream) confirm(ctx context.Context, client *control.Client, generation int) (again bool, err error) {
	client.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.AfterFunc(confirmWithin, cancel)
	defer timer.Stop()
	err = s.listen(ctx, client, func(status control.Status) {
		timer.Stop()
		again = true
		s.line(generation, status)
	})
	return again, err
}

// confirmWithin is how long the one immediate try may take.
const confirmWithin = 500 * time.Millisecond

// silence ends a stream that has not had a line for this long, although one is due every second: its
// instance may be gone without a word. When it counts as lost is for the plan to say.
const silence = 2 * time.Second

func (s *stream) listen(ctx context.Context, client *control.Client, line func(control.Status)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer timer.Stop()
	err := client.Watch(ctx, func(status control.Status) {
		timer.Reset(silence)
		line(status)
	})
	if cause := context.Cause(ctx); errors.Is(cause, errSilent) {
		return errSilent
	}
	return err
}

var errSilent = errors.New("nothing was heard for " + silence.String())
