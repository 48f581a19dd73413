package sim_test

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/test/sim"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// cluster starts three machines a, b and c with ANY 1, and ends them with the test.
func cluster(t *testing.T) *sim.Cluster {
	t.Helper()
	c := &sim.Cluster{Net: sim.NewNetwork()}
	for _, name := range []string{"a", "b", "c"} {
		m, err := sim.NewMachine(c.Net, name, slog.New(slog.NewTextHandler(t.Output(), nil)).With("on", name), kv.Module)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Start(); err != nil {
			t.Fatal(err)
		}
		c.Machines = append(c.Machines, m)
	}
	t.Cleanup(func() {
		if compared, pages, err := c.Identical(); err != nil {
			t.Errorf("at the end, of %v: %v", compared, err)
		} else {
			t.Logf("at the end %v have the same %d pages", compared, pages)
		}
		for _, m := range c.Machines {
			if err := m.Stop(); err != nil {
				t.Errorf("stop %s: %v", m.Name, err)
			}
			m.Control.Close()
		}
	})
	synctest.Wait() // until all of them listen
	if err := c.Bootstrap(); err != nil {
		t.Fatal(err)
	}
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expectAll(t *testing.T, c *sim.Cluster, acked map[string]string, on string) {
	t.Helper()
	missing, err := sim.Missing(c.Net, acked, on)
	must(t, err)
	if len(missing) > 0 {
		t.Errorf("%d of %d acknowledged writes are not on %s, as %s", len(missing), len(acked), on, missing[0])
	}
}

// The power of the primary goes while it is written to; its disk keeps more or less of what was not
// synced.
func TestNoAcknowledgedWriteIsLostWhenThePrimaryDies(t *testing.T) {
	for _, variant := range []int{0, 1, 5, 9} {
		t.Run(fmt.Sprintf("disk %d", variant), func(t *testing.T) { primaryDies(t, variant) })
	}
}

func primaryDies(t *testing.T, variant int) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		random := rand.New(rand.NewPCG(uint64(variant), 1))
		moment := time.Duration(random.IntN(5000)) * time.Microsecond
		c.Net.Delay(func() time.Duration { return time.Duration(random.IntN(2000)) * time.Microsecond })
		var writers []*sim.Writer
		for i := range 8 {
			writers = append(writers, sim.StartWriter(c.Net, fmt.Sprintf("client%d", i), "a"))
		}
		acked := func() map[string]string {
			all := map[string]string{}
			for _, w := range writers {
				one, _ := w.Acked()
				maps.Copy(all, one)
			}
			return all
		}
		defer func() {
			for _, w := range writers {
				w.Stop()
			}
		}()
		time.Sleep(time.Second + moment)
		a := c.Machines[0]
		must(t, a.Kill(variant))
		before := acked()
		if len(before) < 100 {
			t.Fatalf("only %d writes were acknowledged before the primary died: the test proves nothing", len(before))
		}
		began := time.Now()
		must(t, c.Failover())
		for _, w := range writers {
			w.Point(c.Primary.Name)
		}
		t.Logf("failover took %v of the bubble's time; %d writes were acknowledged before", time.Since(began), len(before))
		time.Sleep(time.Second)
		after := acked()
		if len(after) <= len(before) {
			t.Error("nothing was acknowledged after the failover")
		}
		expectAll(t, c, after, c.Primary.Name)

		// The old primary comes back and takes part again, whatever its disk holds.
		must(t, a.Start())
		_, err := a.Await("waiting", time.Minute, func(s control.Status) bool { return s.Role == control.RoleWaiting })
		must(t, err)
		must(t, c.Follow(a, true))
		for _, w := range writers {
			w.Stop()
		}
		for _, m := range c.Machines {
			caughtUp(t, c, m)
			expectAll(t, c, acked(), m.Name)
		}
	})
}

// caughtUp waits until a standby has replayed what the primary has now.
func caughtUp(t *testing.T, c *sim.Cluster, m *sim.Machine) {
	t.Helper()
	p, err := c.Primary.Await("primary", time.Second, func(s control.Status) bool { return s.Role == control.RolePrimary })
	must(t, err)
	_, err = m.Await("caught up", time.Minute, func(s control.Status) bool { return s.ReplayLSN >= p.FlushLSN })
	must(t, err)
}

// The primary is cut off from everybody but its client, lives on, and another takes its place.
func TestAnIsolatedPrimaryAcknowledgesNothingAfterItsStandbysHavePromised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		a := c.Machines[0]
		w := sim.StartWriter(c.Net, "client", "a")
		defer w.Stop()
		time.Sleep(time.Second)
		for _, other := range []string{"b", "c", sim.Operator} {
			c.Net.Cut("a", other)
		}
		must(t, c.Failover())
		fenced := time.Now()
		time.Sleep(30 * time.Second)
		_, last := w.Acked()
		if last.After(fenced) {
			t.Errorf("the isolated primary acknowledged a write %v after its standbys had promised", last.Sub(fenced))
		}
		w2 := sim.StartWriter(c.Net, "client2", c.Primary.Name)
		time.Sleep(time.Second)

		// The cut heals: a has log that nobody else has, says so, and is cloned anew.
		for _, other := range []string{"b", "c", sim.Operator} {
			c.Net.Heal("a", other)
		}
		s, err := a.Await("heard", 30*time.Second, func(control.Status) bool { return true })
		must(t, err)
		if s.Role != control.RolePrimary {
			t.Errorf("the isolated primary is %s", s.Role)
		}
		_, err = a.Control.Do(t.Context(), control.FenceRequest{Timeline: c.Timeline})
		must(t, err)
		time.Sleep(5 * time.Second)
		if _, last = w.Acked(); last.After(fenced) {
			t.Error("a write on the deposed primary was acknowledged after the cut had healed")
		}
		if err := c.Follow(a, false); err == nil {
			t.Error("the deposed primary follows with log that was never acknowledged")
		}
		must(t, c.Follow(a, true))
		w.Stop()
		w2.Stop()
		for _, writer := range []*sim.Writer{w, w2} {
			acked, _ := writer.Acked()
			for _, m := range c.Machines {
				caughtUp(t, c, m)
				expectAll(t, c, acked, m.Name)
			}
		}
	})
}

// A promise holds through a power cut and through a clone of the data directory.
func TestAPromiseOutlivesTheProcessAndTheDataDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		b := c.Machines[1]
		_, err := b.Control.Do(t.Context(), control.FenceRequest{Timeline: 7})
		must(t, err)
		must(t, b.Kill(0))
		must(t, b.Start())
		s, err := b.Await("waiting", time.Minute, func(s control.Status) bool { return s.Role == control.RoleWaiting })
		must(t, err)
		if s.FencedAt != 7 {
			t.Errorf("after a power cut the promise is %d, want 7", s.FencedAt)
		}
		if err := c.Follow(b, false); err == nil {
			t.Error("the node follows a primary on timeline 1 although it has promised 7")
		}
	})
}

// A switchover: the old primary gives its standbys everything, so it follows without being cloned, and
// a session that writes is told the truth about every write.
func TestDemotedPrimaryFollowsItsSuccessorWithoutAClone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		a := c.Machines[0]
		w := sim.StartWriter(c.Net, "client", "a")
		defer w.Stop()
		time.Sleep(time.Second)
		s, err := a.Control.Do(t.Context(), control.DemoteRequest{Timeline: 1})
		must(t, err)
		if s.Role != control.RoleWaiting || s.OpenWrites {
			t.Errorf("after demote the node is %s, open for writes: %v", s.Role, s.OpenWrites)
		}
		for _, m := range c.Machines[1:] {
			standby, err := m.Control.Status(t.Context())
			must(t, err)
			if standby.FlushLSN < s.FlushLSN {
				t.Errorf("%s has log to %s, the demoted primary to %s", m.Name, standby.FlushLSN, s.FlushLSN)
			}
		}
		must(t, c.Failover())
		w.Point(c.Primary.Name)
		must(t, c.Follow(a, false))
		time.Sleep(time.Second)
		w.Stop()
		acked, _ := w.Acked()
		for _, m := range c.Machines {
			caughtUp(t, c, m)
			expectAll(t, c, acked, m.Name)
		}
	})
}

// A primary that was only fenced, and whose standbys have all its log, follows without being cloned:
// nothing was added to its log on the way.
func TestFencedPrimaryWithNothingOfItsOwnFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		a := c.Machines[0]
		time.Sleep(time.Second)
		_, err := a.Control.Do(t.Context(), control.FenceRequest{Timeline: 2})
		must(t, err)
		must(t, c.Failover())
		must(t, c.Follow(a, false))
	})
}

// Without synchronous standbys nothing but time stops a primary that hears nobody.
func TestAsynchronousPrimaryClosesWhenItHearsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		a := c.Machines[0]
		_, err := a.Control.Do(t.Context(), control.SynchronousRequest{Timeline: 1})
		must(t, err)
		w := sim.StartWriter(c.Net, "client", "a")
		defer w.Stop()
		time.Sleep(20 * time.Second) // longer than isolation_timeout: the standbys are heard
		cut := time.Now()
		for _, other := range []string{"b", "c", sim.Operator} {
			c.Net.Cut("a", other)
		}
		time.Sleep(30 * time.Second)
		_, last := w.Acked()
		if after := last.Sub(cut); after < 5*time.Second || after > 12*time.Second {
			t.Errorf("the last write was acknowledged %v after the cut, want about isolation_timeout (10s)", after)
		}
		for _, other := range []string{"b", "c", sim.Operator} {
			c.Net.Heal("a", other)
		}
		time.Sleep(5 * time.Second)
		if _, again := w.Acked(); again.After(last) {
			t.Error("the primary opened again by itself: somebody may have been promoted meanwhile")
		}
		_, err = a.Control.Do(t.Context(), control.PromoteRequest{Timeline: 1})
		must(t, err)
		time.Sleep(time.Second)
		if _, again := w.Acked(); !again.After(last) {
			t.Error("promoted again on its timeline, the primary takes no writes")
		}
	})
}

// After a failed fsync nobody knows what the disk holds: the process ends, and when it is back it has
// no vote and cannot be promoted until its log has been replaced.
func TestFailedSyncMakesANodeSuspectUntilItIsCloned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		b := c.Machines[1]
		w := sim.StartWriter(c.Net, "client", "a")
		defer w.Stop()
		time.Sleep(time.Second)
		b.Faults.Add(&vfs.Rule{Op: vfs.OpSync, Path: "0000*", Times: 1, Err: errors.New("input/output error")})
		time.Sleep(time.Second)
		if err := b.Ended(); err == nil || !strings.Contains(err.Error(), "input/output error") {
			t.Errorf("the process ended with %v, want the failed fsync", err)
		}
		must(t, b.Start())
		s, err := b.Await("waiting", time.Minute, func(s control.Status) bool { return s.Role == control.RoleWaiting })
		must(t, err)
		if s.Suspect == "" {
			t.Error("the node has forgotten that its disk may have lost log")
		}
		if _, err := b.Control.Do(t.Context(), control.PromoteRequest{Timeline: 2}); err == nil {
			t.Error("a suspect node was promoted")
		}
		must(t, c.Follow(b, false))
		if s, err = b.Control.Status(t.Context()); err != nil || s.Suspect != "" {
			t.Errorf("after the clone: suspect %q, %v", s.Suspect, err)
		}
		w.Stop()
		acked, _ := w.Acked()
		caughtUp(t, c, b)
		expectAll(t, c, acked, "b")
	})
}

// A promise does not wait for a clone: it ends it.
func TestFenceEndsACloneFromBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		d, err := sim.NewMachine(c.Net, "d", slog.New(slog.DiscardHandler), kv.Module)
		must(t, err)
		must(t, d.Start())
		c.Machines = append(c.Machines, d)
		_, err = d.Await("empty", time.Minute, func(s control.Status) bool { return s.Role == control.RoleEmpty })
		must(t, err)
		c.Net.Cut("a", "d")
		s, err := d.Control.Do(t.Context(), control.FollowRequest{Timeline: 1, Upstream: control.Upstream{Host: "a", Port: 5432, Name: "a"}})
		must(t, err)
		if s.Role != control.RoleCloning {
			t.Fatalf("the node is %s", s.Role)
		}
		began := time.Now()
		s, err = d.Control.Do(t.Context(), control.FenceRequest{Timeline: 2})
		must(t, err)
		if s.Role != control.RoleEmpty || s.FencedAt != 2 || time.Since(began) > time.Second {
			t.Errorf("after %v the node is %s and has promised %d", time.Since(began), s.Role, s.FencedAt)
		}
		c.Net.Heal("a", "d")
	})
}

// A command that was long on its way brings back no synchronous set that a later one has replaced, nor does
// the promotion that carried it.
func TestASetThatComesLateIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		a := c.Machines[0]
		set := func(serial int64, number int) control.Synchronous {
			return control.Synchronous{Method: "any", Number: number, Members: []string{"b", "c"}, Serial: serial}
		}
		for _, serial := range []int64{3, 3, 5} {
			_, err := a.Control.Do(t.Context(), control.SynchronousRequest{Timeline: 1, Synchronous: set(serial, 2)})
			must(t, err)
		}
		for sentence, late := range map[string]any{
			"a change of the set": control.SynchronousRequest{Timeline: 1, Synchronous: set(4, 1)},
			"a promotion":         control.PromoteRequest{Timeline: 1, Synchronous: set(4, 1)},
		} {
			if _, err := a.Control.Do(t.Context(), late); !control.IsRefusal(err, "SetSuperseded") {
				t.Errorf("%s that comes late: %v", sentence, err)
			}
		}
		s, err := a.Control.Status(t.Context())
		must(t, err)
		if s.Synchronous.Serial != 5 || s.Synchronous.Number != 2 {
			t.Errorf("in force is %+v", s.Synchronous)
		}
		_, err = a.Control.Do(t.Context(), control.SynchronousRequest{Timeline: 1, Synchronous: set(0, 1)})
		must(t, err) // of an operator that does not count
	})
}

// A promotion that was decided for a process that has ended since is refused by the next, which does not know
// what set it would bring back.
func TestAPromotionFromBeforeARestartIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cluster(t)
		a := c.Machines[0]
		before, err := a.Control.Status(t.Context())
		must(t, err)
		set := func(serial int64, number int) control.Synchronous {
			return control.Synchronous{Method: "any", Number: number, Members: []string{"b", "c"}, Serial: serial}
		}
		_, err = a.Control.Do(t.Context(), control.SynchronousRequest{Timeline: 1, Synchronous: set(5, 2)})
		must(t, err)
		must(t, a.Kill(0))
		time.Sleep(time.Second)
		must(t, a.Start())
		now, err := a.Await("waiting", time.Minute, func(s control.Status) bool { return s.Role == control.RoleWaiting })
		must(t, err)
		late := control.PromoteRequest{Timeline: 1, Synchronous: set(4, 1), StartedAt: before.StartedAt}
		if _, err := a.Control.Do(t.Context(), late); !control.IsRefusal(err, "Restarted") {
			t.Errorf("a promotion of the process before: %v", err)
		}
		_, err = a.Control.Do(t.Context(), control.PromoteRequest{Timeline: 1, Synchronous: set(6, 1), StartedAt: now.StartedAt})
		must(t, err)
		for _, m := range c.Machines[1:] {
			must(t, c.Follow(m, false))
			caughtUp(t, c, m)
		}
	})
}

// What a node says of itself can be put in order without a look at its clock.
func TestStatusesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := cluster(t).Machines[0]
		first, err := a.Control.Status(t.Context())
		must(t, err)
		second, err := a.Control.Do(t.Context(), control.CheckpointRequest{Wait: true})
		must(t, err)
		if first.Sequence == 0 || second.Sequence <= first.Sequence {
			t.Errorf("status %d was followed by %d", first.Sequence, second.Sequence)
		}
	})
}
