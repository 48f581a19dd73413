package replication

import (
	"time"

	"github.com/redoubt-wal/redoubt/wal"
)

// lagSamples is how many places in the log a lagTracker remembers (LAG_TRACKER_BUFFER_SIZE).
const lagSamples = 8192

// A lagTracker measures how long after its flush here a client wrote, flushed and replayed log, as
// PostgreSQL's does for pg_stat_replication: it remembers when places in the log were first sent, and
// looks them up when the client has reached them.
//
//	samples:  ○────○────○────○────●──
//	             ▲replayed  ▲flushed  ▲next write
type lagTracker struct {
	ring  []lagSample
	next  int           // where the next sample goes
	heads [3]int        // the first sample that each of write, flush, replay has not reached
	last  [3]*lagSample // the one before that, if there are samples behind it
	whole bool          // the client said last time that it has replayed all that was sent
}

type lagSample struct {
	lsn wal.LSN
	at  time.Time
}

// unknownLag is a lag that is not known: NULL.
const unknownLag = time.Duration(-1)

// A Lag is how far behind a client was, in time; unknownLag (-1) where nothing can be said.
type Lag struct{ Write, Flush, Replay time.Duration }

var noLag = Lag{unknownLag, unknownLag, unknownLag}

// note remembers that the log up to lsn is being sent at a time. When no room is left, the newest
// sample is replaced: a client that lags this far is measured more coarsely.
func (t *lagTracker) note(lsn wal.LSN, now time.Time) {
	if t.ring == nil {
		t.ring = make([]lagSample, lagSamples)
	}
	newest := (t.next + lagSamples - 1) % lagSamples
	if t.ring[newest].lsn >= lsn {
		return
	}
	after := (t.next + 1) % lagSamples
	for _, h := range t.heads {
		if h == after {
			t.ring[newest] = lagSample{lsn, now}
			return
		}
	}
	t.ring[t.next], t.next = lagSample{lsn, now}, after
}

// replied takes what a client says it has, of what was sent, into lag. What stands there is kept until
// there is something new, or until two answers in a row say that nothing is missing.
func (t *lagTracker) replied(lag *Lag, r reply, sent wal.LSN, now time.Time) {
	whole := r.apply == sent
	forget := whole && t.whole
	t.whole = whole
	for head, side := range []struct {
		lsn wal.LSN
		lag *time.Duration
	}{{r.write, &lag.Write}, {r.flush, &lag.Flush}, {r.apply, &lag.Replay}} {
		if d := t.read(head, side.lsn, now); d != unknownLag || forget {
			*side.lag = d
		}
	}
}

// read is the lag of one side that has reached lsn.
func (t *lagTracker) read(head int, lsn wal.LSN, now time.Time) time.Duration {
	var found *lagSample
	for t.heads[head] != t.next && t.ring[t.heads[head]].lsn <= lsn {
		s := t.ring[t.heads[head]]
		found, t.last[head] = &s, &s
		t.heads[head] = (t.heads[head] + 1) % lagSamples
	}
	caughtUp := t.heads[head] == t.next
	last := t.last[head]
	if caughtUp {
		t.last[head] = nil // it says nothing about the next burst
	}
	var at time.Time
	switch {
	case found != nil:
		at = found.at
	case caughtUp:
		return unknownLag
	default:
		at = between(last, t.ring[t.heads[head]], lsn)
	}
	if at.IsZero() || at.After(now) {
		return unknownLag
	}
	return now.Sub(at)
}

// between guesses when lsn was sent, which lies behind prev and before next: so the lag of one who is
// stuck grows. Without prev it is next's time; zero if nothing can be said.
func between(prev *lagSample, next lagSample, lsn wal.LSN) time.Time {
	switch {
	case prev == nil:
		return next.at
	case lsn < prev.lsn || next.at.Before(prev.at):
		return time.Time{}
	}
	share := float64(lsn-prev.lsn) / float64(next.lsn-prev.lsn)
	return prev.at.Add(time.Duration(share * float64(next.at.Sub(prev.at))))
}
