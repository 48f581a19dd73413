package power_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/test/power/attach"
	"github.com/redoubt-wal/redoubt/test/power/disk"
	"github.com/redoubt-wal/redoubt/test/power/load"
)

// TestAnInterruptedInitIsDoneAgain cuts the power while a data directory is made. What is left is no
// data directory, one that says that it is unfinished, or a whole one.
func TestAnInterruptedInitIsDoneAgain(t *testing.T) {
	eachFileSystem(t, func(t *testing.T, kind attach.Kind) {
		m := &run{machine: newMachine(t, kind), load: load.New(1)}
		unfinished := 0
		for after := 1 + int(*seed%8); ; after += 8 {
			must(t, os.RemoveAll(m.node.Data))
			m.remount(t) // all that is durable
			m.Disk.CutAfter(after)
			err := m.unlessCut(m.node.Init())
			if err == nil {
				break // it needs fewer requests
			}
			if !errors.Is(err, errPower) {
				t.Fatal(err)
			}
			must(t, m.Unmount())
			m.Disk.Restore(rand.New(rand.NewPCG(*seed, uint64(after))), disk.Some)
			must(t, m.Mount())
			if err := m.node.Start(); err == nil {
				must(t, m.node.Stop())
				continue
			}
			if log := m.node.Log(); !strings.Contains(log, "run init again") && !strings.Contains(log, "node init") {
				t.Fatalf("after request %d: nothing says what to do: %s", after, log)
			}
			unfinished++
			must(t, m.node.Init())
			must(t, m.node.Start())
			must(t, m.node.Stop())
		}
		if unfinished == 0 {
			t.Error("no cut left an unfinished directory: this run shows nothing")
		}
		m.Disk.Heal()
		must(t, m.node.Start())
		must(t, m.load.Prepare(t.Context(), m.node.Connect))
		must(t, m.load.Check(t.Context(), m.node.Connect))
	})
}
