package replication

import (
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

func TestLag(t *testing.T) {
	began := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	at := func(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }
	var tr lagTracker
	lag := noLag
	says := func(when float64, write, flush, apply, sent wal.LSN, want Lag) {
		t.Helper()
		tr.replied(&lag, reply{write: write, flush: flush, apply: apply}, sent, at(when))
		if lag != want {
			t.Errorf("at %v s: %+v, want %+v", when, lag, want)
		}
	}
	says(0, 5, 5, 5, 10, noLag) // nothing was noted yet

	tr.note(100, at(1))
	tr.note(100, at(2)) // the first time counts
	says(3, 100, 50, 0, 100, Lag{2 * time.Second, 2 * time.Second, 2 * time.Second})

	tr.note(200, at(4))
	tr.note(300, at(6))
	says(7, 300, 200, 100, 300, Lag{1 * time.Second, 3 * time.Second, 6 * time.Second})
	says(8, 300, 250, 100, 300, Lag{1 * time.Second, 3 * time.Second, 7 * time.Second}) // half-way between 4 s and 6 s; stuck
	says(9, 300, 300, 300, 300, Lag{1 * time.Second, 3 * time.Second, 3 * time.Second})
	says(10, 300, 300, 300, 300, noLag) // twice all of it: nothing is going on

	tr.note(400, at(20))
	says(19, 400, 300, 300, 400, Lag{unknownLag, unknownLag, unknownLag}) // the clock went back
}

func TestLagOfOneWhoIsVeryFarBehind(t *testing.T) {
	began := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	var tr lagTracker
	for i := range 3 * lagSamples {
		tr.note(wal.LSN(i+1), began.Add(time.Duration(i)*time.Second))
	}
	lag, end := noLag, began.Add(4*lagSamples*time.Second)
	tr.replied(&lag, reply{write: 3 * lagSamples, flush: 1}, 3*lagSamples, end)
	if want := (lagSamples + 1) * time.Second; lag.Write != want {
		t.Errorf("write lag %v, want %v: the newest sample is kept", lag.Write, want)
	}
	if want := 4 * lagSamples * time.Second; lag.Flush != want || lag.Replay != want {
		t.Errorf("flush lag %v, replay lag %v, want %v: the oldest sample is kept", lag.Flush, lag.Replay, want)
	}
}
