package power_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/redoubt-wal/redoubt/test/power/attach"
	"github.com/redoubt-wal/redoubt/test/power/disk"
	"github.com/redoubt-wal/redoubt/test/power/load"
)

// errPower says that something failed because the power was cut.
var errPower = errors.New("the power was cut")

// A moment is what the machine does when the power goes.
type moment int

const (
	mounting moment = iota // the file system replays its journal
	starting               // the node recovers
	working                // clients write
	moments
)

func (m moment) String() string { return [...]string{"mounting", "starting", "working"}[m] }

// requests is after how many requests of the disk the power may go, at most.
func (m moment) requests() float64 { return [...]float64{12, 60, 3000}[m] }

// A run is a machine that goes through power cuts.
type run struct {
	*machine
	load  *load.Load
	tally tally
}

func TestCutsLoseNothing(t *testing.T) {
	t.Logf("-seed %d", *seed)
	eachFileSystem(t, func(t *testing.T, kind attach.Kind) {
		m := &run{machine: newMachine(t, kind), load: load.New(6)}
		must(t, m.node.Start())
		must(t, m.load.Prepare(t.Context(), m.node.Connect))
		must(t, m.node.Stop())
		must(t, m.Unmount())
		for i := range *cuts {
			r := rand.New(rand.NewPCG(*seed, uint64(i)))
			when := moment(min(r.IntN(8), int(working)))
			after := int(math.Pow(when.requests(), r.Float64())) // as many early ones as late ones
			how := disk.Survival(r.IntN(int(disk.Survivals)))
			if err := m.cycle(t.Context(), r, when, after); !errors.Is(err, errPower) {
				m.keepImage(t)
				t.Fatalf("cut %d (after request %d, %s; -seed %d): %v\n%s", i, after, when, *seed, err, m.node.Log())
			}
			m.node.Kill()
			if err := m.Unmount(); err != nil {
				t.Fatal(err)
			}
			m.tally.cut(when, how, m.Disk.Restore(r, how), m.load.Acked())
		}
		if err := m.inOrder(t.Context()); err != nil {
			m.keepImage(t)
			t.Fatalf("after the last cut: %v", err)
		}
		m.tally.report(t)
	})
}

// cycle brings the machine up and lets it work until the power goes. Its error is errPower, or what is
// wrong.
func (m *run) cycle(ctx context.Context, r *rand.Rand, when moment, after int) error {
	arm := func(now moment) {
		if now == when {
			m.Disk.CutAfter(after)
		}
	}
	arm(mounting)
	if err := m.unlessCut(m.Mount()); err != nil {
		return err
	}
	if err := m.unlessCut(m.compareEnds()); err != nil {
		return err
	}
	arm(starting)
	if err := m.unlessCut(m.node.Start(settings(r)...)); err != nil {
		return err
	}
	if err := m.unlessCut(m.load.CheckRecovered(ctx, m.node.Connect)); err != nil {
		return err
	}
	m.tally.checked()
	if r.IntN(20) == 0 {
		if err := m.unlessCut(m.restart()); err != nil {
			return err
		}
	}
	if when != working {
		m.Disk.CutAfter(1) // it was quicker than thought
	}
	arm(working)
	return m.work(r.Uint64())
}

// work runs the load until the power goes.
func (m *run) work(seed uint64) error {
	ended := make(chan []error, 1)
	go func() { ended <- m.load.Run(m.node.Connect, seed, 0) }()
	select {
	case <-m.Disk.Off():
		m.node.Kill()
		<-ended
		return errPower
	case errs := <-ended:
		return m.unlessCut(errors.Join(errs...))
	}
}

// unlessCut is err, or errPower if the power is off by now: then an error means nothing.
func (m *run) unlessCut(err error) error {
	select {
	case <-m.Disk.Off():
		return errPower
	default:
		return err
	}
}

// compareEnds lets PostgreSQL say where the log ends.
func (m *run) compareEnds() error {
	ours, theirs, err := m.node.LogEnds()
	if err != nil {
		return err
	}
	if ours != theirs {
		return fmt.Errorf("waldump and pg_waldump do not agree on the end of the log: %+v, %+v", ours, theirs)
	}
	return nil
}

// settings vary what the log looks like and how much of it is in memory.
func settings(r *rand.Rand) []string {
	pick := func(name string, values ...string) string { return name + "=" + values[r.IntN(len(values))] }
	return []string{
		pick("wal_compression", "off", "lz4", "zstd"), pick("wal_consistency_checking", "", "all"), pick("shared_buffers", "256kB", "16MB"),
		pick("max_wal_size", "3MB", "32MB"), "min_wal_size=2MB", pick("wal_writer_delay", "1ms", "200ms"),
	}
}

// inOrder brings the machine up a last time, checks, and ends in order.
func (m *run) inOrder(ctx context.Context) error {
	if err := m.Mount(); err != nil {
		return err
	}
	if err := errors.Join(m.node.Start(), m.load.CheckRecovered(ctx, m.node.Connect), m.restart(), m.node.Stop()); err != nil {
		return err
	}
	return m.Unmount()
}

// restart stops the node in order, lets pg_checksums look at every page, and starts it again.
func (m *run) restart() error {
	if err := m.node.Stop(); err != nil {
		return err
	}
	if err := m.checksums(); err != nil {
		return err
	}
	return m.node.Start()
}
