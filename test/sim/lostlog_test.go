package sim_test

import (
	"errors"
	"os"
	"path"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/test/sim"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// Durable log rots at the end of the primary's last segment while it is away, and so does all that
// could tell it from a torn tail there. Its standbys are the last witness: it does not open, and gets
// back from its successor what it has lost.
func TestAPrimaryThatHasLostLogItsStandbysHoldIsNotOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		a := c.Machines[0]
		w := sim.StartWriter(c.Net, "client", "a")
		defer w.Stop()
		time.Sleep(2 * time.Second)
		w.Stop()
		acked, _ := w.Acked()
		if len(acked) < 20 {
			t.Fatalf("only %d writes were acknowledged: the test proves nothing", len(acked))
		}
		before, err := a.Control.Status(t.Context())
		must(t, err)
		must(t, a.Kill(1))
		rot(t, a.Disk, before.FlushLSN-1000)
		must(t, a.Start())
		s, err := a.Await("waiting", time.Minute, func(s control.Status) bool { return s.Role == control.RoleWaiting })
		must(t, err)
		if s.FlushLSN >= before.FlushLSN {
			t.Fatalf("its log ends at %s, %s was durable: the test proves nothing", s.FlushLSN, before.FlushLSN)
		}

		var held wal.LSN // by the standby that has most: one of them has every acknowledged write
		for _, m := range c.Machines[1:] {
			s, err := m.Control.Status(t.Context())
			must(t, err)
			held = max(held, s.FlushLSN)
		}
		_, err = a.Control.Do(t.Context(), control.PromoteRequest{Timeline: 1, MustReach: held})
		var refused *control.Error
		if !errors.As(err, &refused) || refused.Code != "LogLost" {
			t.Fatalf("promoted with less log than its standbys: %v", err)
		}
		s, err = a.Control.Status(t.Context())
		must(t, err)
		if s.LostLSN != held || s.OpenWrites {
			t.Errorf("after the refusal it says %+v", s)
		}

		must(t, c.Failover())
		must(t, c.Follow(a, false))
		caughtUp(t, c, a)
		expectAll(t, c, acked, "a")
		if s, err = a.Control.Status(t.Context()); err != nil || s.LostLSN != 0 {
			t.Errorf("after it has followed: lost %s, %v", s.LostLSN, err)
		}
	})
}

// rot flips a bit in the record at lsn, and takes away the witness of how far the log was durable.
func rot(t *testing.T, m *vfs.Mem, lsn wal.LSN) {
	t.Helper()
	const log = "/var/lib/data/pg_wal"
	must(t, m.Remove(path.Join(log, "redoubt.durable")))
	f, err := m.OpenFile(path.Join(log, wal.SegmentName(1, lsn, 1<<20)), os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	var b [1]byte
	at := int64(lsn % (1 << 20))
	_, err = f.ReadAt(b[:], at)
	must(t, err)
	b[0] ^= 1
	_, err = f.WriteAt(b[:], at)
	must(t, err)
}
