package replication_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	. "github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// halfOpen is a connection whose other side does not hear that this one was closed: a network was cut.
type halfOpen struct {
	net.Conn
	cut chan struct{} // the network is cut from some moment on
}

func (h halfOpen) Close() error {
	select {
	case <-h.cut:
		return h.Conn.SetDeadline(time.Unix(1, 0))
	default:
		return h.Conn.Close()
	}
}

// A primary may take a minute to see that a standby's connection is gone. When the standby is back on
// another one, it is still one standby.
func TestAStandbyThatConnectedAgainCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		a.sync.SetRule(Rule{Any: true, Number: 2, Members: []string{"b", "c"}, Distinct: true})
		a.timeout = 0
		cut := make(chan struct{})
		var first net.Conn
		r := b.follow(a, func(o *ReceiverOptions) {
			o.Upstream.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
				c, err := a.dial(ctx, addr)
				first = c
				return halfOpen{c, cut}, err
			}
		})
		a.write(1, 100)
		synctest.Wait()
		close(cut)
		r.Stop()
		lost := first
		r = b.follow(a, nil)
		synctest.Wait()
		if got := a.server.Replicas(); len(got) != 2 || got[0].State != StateStreaming || got[1].State != StateStreaming || got[0].Flush != a.last || got[1].Flush != a.last {
			t.Fatalf("replicas: %+v", got)
		}
		done := make(chan error, 1)
		go func() { done <- a.sync.Wait(t.Context(), a.last, LevelRemoteFlush) }()
		synctest.Wait()
		if a.sync.Waiters() != 1 {
			t.Errorf("ANY 2 (b, c) was satisfied by two connections of b: %v", <-done)
		} else {
			a.sync.SetRule(Rule{})
			<-done
		}
		r.Stop()
		lost.Close()
		a.conns.Wait()
	})
}

// A standby that takes nothing is cut off when Drain's time is over, not when wal_sender_timeout is.
func TestDrainDoesNotWaitForAStandbyThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newMachine(t, "a", false)
		a.write(700, 3000)
		a.timeout = 0
		raw, err := a.dial(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		c, err := Connect(t.Context(), Upstream{Dial: func(context.Context, string) (net.Conn, error) { return raw, nil }})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send("START_REPLICATION 0/100000 TIMELINE 1"); err != nil {
			t.Fatal(err)
		}
		if m, err := c.Receive(); err != nil {
			t.Fatalf("%T %v", m, err)
		}
		synctest.Wait() // it is sending to somebody who does not read
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		drained := make(chan error, 1)
		began := time.Now()
		go func() { drained <- a.server.Drain(ctx) }()
		select {
		case err := <-drained:
			if took := time.Since(began); err == nil || took > 25*time.Second {
				t.Errorf("Drain took %v: %v", took, err)
			}
		case <-time.After(time.Hour):
			t.Error("Drain still waits after an hour")
		}
		c.Close()
		a.conns.Wait()
	})
}

// An upstream that falls silent is given up at every point of the conversation.
func TestAnUpstreamThatFallsSilentAtACommandIsGivenUp(t *testing.T) {
	for _, command := range []string{"IDENTIFY_SYSTEM", "START_REPLICATION"} {
		t.Run(command, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := newMachine(t, "a", false), newMachine(t, "b", true)
				a.write(10, 100)
				dials := 0
				r := b.follow(a, func(o *ReceiverOptions) {
					o.Upstream.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
						c, err := a.dial(ctx, addr)
						if dials++; dials == 1 {
							c = &frozen{Conn: c, command: command}
						}
						return c, err
					}
				})
				pass(5 * time.Minute)
				if st := r.Status(); !st.Streaming || dials < 2 {
					t.Errorf("after five minutes, %d dials: %+v", dials, st)
				}
				r.Stop()
				a.conns.Wait()
			})
		})
	}
}

// frozen is a connection to a server that freezes when it is given a command.
type frozen struct {
	net.Conn
	command string
}

func (f *frozen) Write(p []byte) (int, error) {
	var q pgproto3.Query
	if len(p) > 5 && p[0] == 'Q' && q.Decode(p[5:]) == nil && len(q.String) >= len(f.command) && q.String[:len(f.command)] == f.command {
		return len(p), nil // it never reaches anybody
	}
	return f.Conn.Write(p)
}

// What a stream allows for its writes does not outlive it.
func TestAClientMayRestBetweenItsStreamAndItsNextCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newMachine(t, "a", false)
		a.write(1, 100)
		var raw net.Conn
		c, err := Connect(t.Context(), Upstream{Dial: func(ctx context.Context, addr string) (_ net.Conn, err error) {
			raw, err = a.dial(ctx, addr)
			return raw, err
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send("START_REPLICATION 0/100000 TIMELINE 1"); err != nil {
			t.Fatal(err)
		}
		for log := false; !log; {
			m, err := c.Receive()
			if err != nil {
				t.Fatal(err)
			}
			_, log = m.(*pgproto3.CopyData)
		}
		done, _ := (&pgproto3.CopyDone{}).Encode(nil)
		if _, err := raw.Write(done); err != nil {
			t.Fatal(err)
		}
		for ready := false; !ready; {
			m, err := c.Receive()
			if err != nil {
				t.Fatal(err)
			}
			_, ready = m.(*pgproto3.ReadyForQuery)
		}
		pass(2 * time.Minute)
		if _, err := c.Identify(); err != nil {
			t.Error(err)
		}
		c.Close()
		a.conns.Wait()
	})
}

// A stop may come while a demotion still waits for standbys.
func TestTwoMayDrainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		a.write(1, 100)
		lost := make(chan struct{})
		r := b.follow(a, func(o *ReceiverOptions) {
			o.Upstream.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
				c, err := a.dial(ctx, addr)
				return deaf{c, lost}, err
			}
		})
		synctest.Wait()
		close(lost) // it confirms nothing any more
		a.write(1, 100)
		drained := make(chan error, 2)
		for _, patience := range []time.Duration{20 * time.Second, 30 * time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			go func() { drained <- a.server.Drain(ctx) }()
			synctest.Wait()
		}
		for range 2 {
			<-drained
		}
		r.Stop()
		r = b.follow(a, nil) // it serves again
		synctest.Wait()
		sameLog(t, a, b)
		r.Stop()
		a.conns.Wait()
	})
}

// A history file that is not there is refused in PostgreSQL's words, which name no directory of the server.
func TestAHistoryThatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newMachine(t, "a", false)
		c, err := Connect(t.Context(), Upstream{Dial: a.dial})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.History(3)
		refusal, _ := errors.AsType[*rmgr.Error](err)
		if want := `could not open file "pg_wal/00000003.history": No such file or directory`; refusal == nil || refusal.Code != "58P01" || refusal.Message != want {
			t.Errorf("got %v, want %s", err, want)
		}
		c.Close()
		a.conns.Wait()
	})
}
