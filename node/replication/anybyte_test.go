package replication_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/wal"
)

// brittle is a connection that breaks once so many bytes have been read from it, or written to it.
type brittle struct {
	net.Conn
	reads, writes int // -1: it does not
}

func (b *brittle) Read(p []byte) (int, error) {
	if b.reads == 0 {
		b.Close()
		return 0, errors.New("broken")
	}
	if b.reads > 0 {
		p = p[:min(len(p), b.reads)]
	}
	n, err := b.Conn.Read(p)
	if b.reads > 0 {
		b.reads -= n
	}
	return n, err
}

func (b *brittle) Write(p []byte) (int, error) {
	if b.writes < 0 {
		return b.Conn.Write(p)
	}
	n, err := b.Conn.Write(p[:min(len(p), b.writes)])
	b.writes -= n
	if err == nil && n < len(p) {
		b.Close()
		err = errors.New("broken")
	}
	return n, err
}

// A stream may break behind any byte, also amid a change of timeline.
func TestAStreamMayBreakBehindAnyByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newMachine(t, "a", false), newMachine(t, "b", true)
		for n := 0; n < 1200; n += 7 {
			a.write(1, 300)
			first := true
			r := b.follow(a, func(o *ReceiverOptions) {
				o.Slot, o.StatusInterval = "b", 10*time.Second
				o.Upstream.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
					c, err := a.dial(ctx, addr)
					breaks := &brittle{c, -1, -1}
					switch {
					case !first:
					case n%2 == 0:
						breaks.reads = n
					default:
						breaks.writes = n
					}
					first = false
					return breaks, err
				}
			})
			synctest.Wait()
			a.write(1, 300)
			synctest.Wait()
			if n%20 == 0 {
				a.promote(wal.TimelineID(n/20+2), a.last)
			}
			a.write(1, 300)
			pass(15 * time.Second)
			sameLog(t, a, b)
			if st := r.Status(); !st.Streaming {
				t.Fatalf("after a break behind %d bytes: %+v", n, st)
			}
			if slot, _ := a.slots.Get("b"); slot.RestartLSN != a.FlushedLSN() {
				t.Fatalf("after a break behind %d bytes: %+v, the log ends at %s", n, slot, a.FlushedLSN())
			}
			r.Stop()
			a.conns.Wait()
		}
	})
}
