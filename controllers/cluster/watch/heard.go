package watch

import (
	"errors"
	"io"
	"net"
	"reflect"
	"syscall"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
)

// Heard is what is known of an instance.
type Heard struct {
	Status  *control.Status // the last; nil: none yet
	At      time.Time       // of the last line, or when listening began
	Reached bool            // the stream is up
	Refused bool            // nobody listens at its address
	Detail  string          // why it is not reached
	Address string          // where it is listened to
	Streams int             // that came up so far
	Said    int             // how often what it says differed in more than positions
}

// line takes what an instance says of itself, from its stream or in the reply to a command.
func (s *stream) line(generation int, status control.Status) {
	s.hub.mu.Lock()
	if generation != s.generation {
		s.hub.mu.Unlock()
		return
	}
	was := s.heard
	if was.Status != nil && older(&status, was.Status) {
		s.hub.mu.Unlock()
		return // a command's reply overtook it
	}
	s.heard = Heard{Status: &status, At: s.hub.now(), Reached: true, Streams: was.Streams, Said: was.Said}
	changed := !was.Reached || was.Status == nil || matters(was.Status, &status)
	if !was.Reached {
		s.heard.Streams++
	}
	if changed {
		s.heard.Said++
	}
	s.hub.mu.Unlock()
	if changed {
		s.hub.changed(s.cluster)
	}
}

// older reports whether a process said a before b. Nodes that do not count what they say are believed by
// their clock, which may be set back.
func older(a, b *control.Status) bool {
	if !a.StartedAt.Equal(b.StartedAt) {
		return false
	}
	if a.Sequence != 0 && b.Sequence != 0 {
		return a.Sequence < b.Sequence
	}
	return a.Time.Before(b.Time)
}

// down says that the stream is not up any more, and why.
func (s *stream) down(generation int, err error) {
	s.hub.mu.Lock()
	if generation != s.generation {
		s.hub.mu.Unlock()
		return
	}
	was := s.heard
	s.heard.Reached, s.heard.Refused, s.heard.Detail = false, refused(err), why(err)
	changed := was.Reached || was.Refused != s.heard.Refused
	s.hub.mu.Unlock()
	if changed {
		s.hub.changed(s.cluster)
	}
}

// refused reports whether the host answered that nobody listens there.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

func why(err error) string {
	var timeout net.Error
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return "it closed the connection"
	case refused(err):
		return "nobody listens at its address"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer: " + err.Error()
	}
	return err.Error()
}

// matters reports whether two statuses differ in more than time and positions.
func matters(a, b *control.Status) bool {
	return !reflect.DeepEqual(still(a), still(b))
}

func still(s *control.Status) control.Status {
	out := *s
	out.Time, out.Sequence = time.Time{}, 0
	out.WriteLSN, out.FlushLSN, out.ReplayLSN, out.RedoLSN = 0, 0, 0, 0
	out.WALSize, out.Waiters, out.WriteProbe = 0, 0, nil
	out.Replicas = make([]control.Replica, len(s.Replicas))
	for i, r := range s.Replicas {
		out.Replicas[i] = control.Replica{Name: r.Name, State: r.State}
	}
	out.Slots = nil
	return out
}
