package replication_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal"
)

func TestAStandbyReceivesWhatIsThereAndWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		a.write(700, 3000) // three segments
		r := b.follow(a, func(o *ReceiverOptions) { o.Slot = "b" })
		synctest.Wait()
		sameLog(t, a, b)
		for range 20 {
			a.write(1, 100)
			synctest.Wait()
			sameLog(t, a, b)
		}
		if got := a.server.Replicas(); len(got) != 1 || got[0].State != StateStreaming || got[0].Flush != a.FlushedLSN() || got[0].Apply != a.FlushedLSN() || got[0].Name != "b" {
			t.Errorf("replicas: %+v", got)
		}
		if slot, _ := a.slots.Get("b"); slot.RestartLSN != a.FlushedLSN() || slot.ActivePID == 0 {
			t.Errorf("slot: %+v", slot)
		}
		r.Stop()
		a.conns.Wait()
		if slot, _ := a.slots.Get("b"); slot.ActivePID != 0 {
			t.Errorf("slot after the client left: %+v", slot)
		}
	})
}

// The kernel is to give up a standby's connection soon while it streams, and only then.
func TestAStreamIsLessPatientThanItsConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		r := b.follow(a, nil)
		synctest.Wait()
		if got := time.Duration(a.patience.Load()); got != 15*time.Second {
			t.Errorf("a stream may be unacknowledged for %s", got)
		}
		r.Stop()
		a.conns.Wait()
		if got := time.Duration(a.patience.Load()); got != 0 {
			t.Errorf("after it the connection may for %s", got)
		}
	})
}

func TestACommitWaitsForItsStandby(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		a.sync.SetRule(Rule{Any: true, Number: 1, Members: []string{"b"}})
		a.write(1, 100)
		done := make(chan error, 1)
		go func() { done <- a.sync.Wait(t.Context(), a.last, LevelRemoteApply) }()
		synctest.Wait()
		if a.sync.Waiters() != 1 {
			t.Fatal("released without a standby")
		}
		r := b.follow(a, nil)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := a.server.Replicas()[0]; got.SyncState != "quorum" || got.Priority != 1 {
			t.Errorf("replica: %+v", got)
		}
		r.Stop()
		a.conns.Wait()
	})
}

func TestAStandbyConnectsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		a.write(10, 1000)
		a.down = true
		r := b.follow(a, nil)
		pass(time.Minute) // fake: the bubble's clock
		if st := r.Status(); st.Streaming || st.Err == nil {
			t.Errorf("status while the upstream is down: %+v", st)
		}
		a.mu.Lock()
		a.down = false
		a.mu.Unlock()
		pass(6 * time.Second)
		sameLog(t, a, b)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		a.server.Drain(ctx) // cuts the stream off
		a.write(10, 1000)
		pass(6 * time.Second)
		sameLog(t, a, b)
		r.Stop()
		a.conns.Wait()
	})
}

// deaf is a connection whose bytes get lost from some moment on.
type deaf struct {
	net.Conn
	lost chan struct{}
}

func (d deaf) Write(p []byte) (int, error) {
	select {
	case <-d.lost:
		return len(p), nil
	default:
		return d.Conn.Write(p)
	}
}

func TestASilentStandbyIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		lost := make(chan struct{})
		began := time.Now()
		r := b.follow(a, func(o *ReceiverOptions) {
			o.Timeout = -1
			o.Upstream.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
				c, err := a.dial(ctx, addr)
				return deaf{c, lost}, err
			}
		})
		pass(5 * time.Minute)
		if got := a.server.Replicas(); len(got) != 1 || got[0].Started != began {
			t.Fatalf("an idle stream did not last: %+v", got)
		}
		close(lost)
		pass(61 * time.Second)
		if got := a.server.Replicas(); len(got) > 0 && got[0].Started == began {
			t.Errorf("a silent standby is kept: %+v", got)
		}
		r.Stop()
		a.conns.Wait()
	})
}

func TestASilentUpstreamIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		a.timeout = 0 // sends no keepalives by itself
		r := b.follow(a, nil)
		pass(10 * time.Minute)
		if st := r.Status(); !st.Streaming || time.Since(st.LastMessage) > time.Minute {
			t.Errorf("an idle stream did not last: %+v", st)
		}
		r.Stop()
		a.conns.Wait()

		hole := make(chan net.Conn, 100)
		r = b.follow(a, func(o *ReceiverOptions) {
			o.Upstream.Dial = func(context.Context, string) (net.Conn, error) {
				client, server := net.Pipe()
				hole <- server
				return client, nil
			}
		})
		pass(61 * time.Second)
		if st := r.Status(); st.Err == nil {
			t.Errorf("an upstream that answers nothing: %+v", st)
		}
		r.Stop()
	})
}

func TestDrainSendsEverythingFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		r := b.follow(a, nil)
		synctest.Wait()
		a.write(500, 3000)
		if err := a.server.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		sameLog(t, a, b)
		r.Stop()
		a.conns.Wait()
	})
}

func TestFencingEndsTheStreamBeforeItReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		promise := wal.TimelineID(0)
		r := b.follow(a, func(o *ReceiverOptions) { o.Promise = func() wal.TimelineID { return promise } })
		synctest.Wait()
		a.sync.SetRule(Rule{Number: 1, Members: []string{"b"}})
		a.write(1, 100)
		if err := a.sync.Wait(t.Context(), a.last, LevelRemoteFlush); err != nil {
			t.Fatal(err)
		}
		promise = 2
		r.Stop()
		end := b.FlushedLSN()

		r = b.follow(a, func(o *ReceiverOptions) { o.Promise = func() wal.TimelineID { return promise } })
		a.write(1, 100)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := a.sync.Wait(ctx, a.last, LevelRemoteFlush); !errors.Is(err, ErrWaitCancelled) {
			t.Errorf("a commit of the old primary was acknowledged: %v", err)
		}
		if st := r.Status(); !errors.Is(st.Err, ErrFenced) || st.UpstreamTimeline != 1 {
			t.Errorf("status: %+v", st)
		}
		if b.FlushedLSN() != end {
			t.Error("log of a fenced upstream was taken")
		}
		r.Stop()
		a.conns.Wait()
	})
}

func TestAnotherClusterIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		r := b.follow(a, func(o *ReceiverOptions) { o.SystemID = 1 })
		synctest.Wait()
		if st := r.Status(); !errors.Is(st.Err, ErrWrongSystem) {
			t.Errorf("status: %+v", st)
		}
		r.Stop()
		a.conns.Wait()
	})
}

func TestAStandbyFollowsATimelineSwitchWhileStreaming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := newMachine(t, "a", false), newMachine(t, "b", true), newMachine(t, "c", true)
		a.write(400, 3000)
		rb := b.follow(a, nil)
		rc := c.follow(b, nil) // cascading
		synctest.Wait()
		sameLog(t, a, c)
		if st := b.server.Replicas(); len(st) != 1 || st[0].SyncState != "async" {
			t.Errorf("cascading: %+v", st)
		}
		rb.Stop()
		a.conns.Wait()
		b.promote(2, b.FlushedLSN())
		b.write(1, 100)
		synctest.Wait()
		sameLog(t, b, c)
		b.write(400, 3000)
		synctest.Wait()
		sameLog(t, b, c)
		if c.Timeline() != 2 || c.History().Timeline() != 2 {
			t.Errorf("c is on timeline %d, history %v", c.Timeline(), c.History())
		}
		b.sync.SetRule(Rule{Number: 1, Members: []string{"c"}})
		if err := b.sync.Wait(t.Context(), b.last, LevelRemoteFlush); err != nil {
			t.Errorf("a standby that followed the switch does not count: %v", err)
		}
		rc.Stop()
		b.conns.Wait()
	})
}

// A standby may be behind by several timelines; each is streamed in turn.
func TestAStandbyCatchesUpThroughSeveralTimelines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		a.write(3, 1000)
		for tli := wal.TimelineID(2); tli < 7; tli += 2 {
			a.promote(tli, a.last)
			a.write(200, 3000)
		}
		r := b.follow(a, nil)
		synctest.Wait()
		sameLog(t, a, b)
		for _, tli := range []wal.TimelineID{2, 4, 6} {
			ours, err := b.ReadHistory(tli)
			theirs, _ := a.ReadHistory(tli)
			if err != nil || string(ours) != string(theirs) {
				t.Errorf("history of %d: %q, %v, want %q", tli, ours, err, theirs)
			}
		}
		r.Stop()
		a.conns.Wait()
	})
}

func TestDivergence(t *testing.T) {
	for _, row := range []struct {
		sentence string
		ahead    int     // records that b has and the new primary has not
		held     bool    // b has not replayed them
		fork     bool    // diverged, with the fork where a was promoted
		from     wal.LSN // what is cut off
	}{
		{sentence: "a standby with less log follows"},
		{sentence: "a standby that replayed log which the new timeline lacks has diverged", ahead: 3, fork: true},
		{sentence: "a standby gives up log that it did not replay and the new timeline lacks", ahead: 3, held: true},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, a, b := newMachine(t, "p", false), newMachine(t, "a", true), newMachine(t, "b", true)
				p.write(5, 1000)
				ra, rb := a.follow(p, nil), b.follow(p, nil)
				synctest.Wait()
				ra.Stop()
				fork := p.last
				if row.held {
					b.held = fork
				}
				p.write(row.ahead, 1000)
				synctest.Wait()
				rb.Stop()
				p.conns.Wait()

				a.promote(2, fork)
				a.write(5, 500)
				var log strings.Builder
				rb = b.follow(a, func(o *ReceiverOptions) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
				synctest.Wait()
				if got := strings.Contains(log.String(), "level=ERROR msg=\"streaming has ended for good\""); got != row.fork {
					t.Errorf("the log says\n%s", log.String())
				}
				var diverged *DivergedError
				if err := rb.Status().Err; errors.As(err, &diverged) != row.fork {
					t.Errorf("status: %+v", rb.Status())
				}
				if row.fork {
					<-rb.Done()
					if diverged.Fork != fork {
						t.Errorf("fork at %s, want %s", diverged.Fork, fork)
					}
				} else {
					sameLog(t, a, b)
				}
				rb.Stop()
				a.conns.Wait()
			})
		})
	}
}

func TestASlotThatIsGivenUpEndsItsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		r := b.follow(a, func(o *ReceiverOptions) { o.Slot = "b" })
		synctest.Wait()
		if _, err := a.slots.GiveUp(1 << 40); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if st := r.Status(); st.Streaming || st.Err == nil {
			t.Errorf("status: %+v", st)
		}
		r.Stop()
		a.conns.Wait()
	})
}

func TestAnUpstreamThatHasRemovedTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		a.write(700, 3000)
		if _, err := a.Recycle(3*mib, nil); err != nil {
			t.Fatal(err)
		}
		r := b.follow(a, nil)
		pass(time.Minute)
		if st := r.Status(); !errors.Is(st.Err, ErrRemoved) {
			t.Errorf("status: %+v", st)
		}
		a.mu.Lock()
		tries := a.nextPID
		a.mu.Unlock()
		if tries > 20 {
			t.Errorf("%d connections in a minute", tries)
		}
		r.Stop()
		a.conns.Wait()
	})
}
