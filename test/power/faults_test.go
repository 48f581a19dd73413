package power_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/test/power/attach"
	"github.com/redoubt-wal/redoubt/test/power/disk"
	"github.com/redoubt-wal/redoubt/test/power/load"
)

// loaded is a machine whose node runs and holds something.
func loaded(t *testing.T, kind attach.Kind, settings ...string) *run {
	t.Helper()
	m := &run{machine: newMachine(t, kind), load: load.New(4)}
	must(t, m.node.Start(settings...))
	must(t, m.load.Prepare(t.Context(), m.node.Connect))
	must(t, errors.Join(m.load.Run(m.node.Connect, 1, 150)...))
	must(t, m.load.Check(t.Context(), m.node.Connect))
	return m
}

// remount throws the page cache away.
func (m *run) remount(t *testing.T) {
	t.Helper()
	must(t, m.Unmount())
	must(t, m.Mount())
}

func (m *run) suspectFile() string { return filepath.Join(m.node.Data, "suspect") }

// TestADiskThatLiesIsFoundOut is the negative control: it shows that the checks can fail.
func TestADiskThatLiesIsFoundOut(t *testing.T) {
	eachFileSystem(t, func(t *testing.T, kind attach.Kind) {
		m := loaded(t, kind)
		m.Disk.Lie()
		must(t, errors.Join(m.load.Run(m.node.Connect, 2, 50)...))
		m.Disk.Cut()
		m.node.Kill()
		must(t, m.Unmount())
		m.Disk.Restore(rand.New(rand.NewPCG(1, 1)), disk.Nothing)
		must(t, m.Mount())
		must(t, m.node.Start())
		err := m.load.CheckRecovered(t.Context(), m.node.Connect)
		if err == nil || !strings.Contains(err.Error(), "is lost") && !strings.Contains(err.Error(), "acknowledged was") {
			t.Errorf("200 acknowledged writes were thrown away, and the checks say: %v", err)
		}
	})
}

// TestAFailedWriteBackMakesTheNodeSuspect fails one write of a block behind the node's back, as a disk
// does: fsync reports it once. ENOSPC is what a thin volume says when its pool is full: the bytes are
// gone just as well.
func TestAFailedWriteBackMakesTheNodeSuspect(t *testing.T) {
	for name, fault := range map[string]disk.Fault{
		"the log":                 {Op: disk.Write, Block: disk.IsLogPage, Times: 1, Err: syscall.EIO},
		"the log, thin volume":    {Op: disk.Write, Block: disk.IsLogPage, Times: 1, Err: syscall.ENOSPC},
		"data pages":              {Op: disk.Write, Block: disk.IsDataPage, Times: 1, Err: syscall.EIO},
		"data pages, thin volume": {Op: disk.Write, Block: disk.IsDataPage, Times: 1, Err: syscall.ENOSPC},
		"the log, for good":       {Op: disk.Write, Block: disk.IsLogPage, Err: syscall.EIO},
	} {
		t.Run(name, func(t *testing.T) {
			eachFileSystem(t, func(t *testing.T, kind attach.Kind) {
				m := loaded(t, kind)
				fault := fault
				m.Disk.Fail(&fault)
				m.load.Run(m.node.Connect, 2, 0)
				if code, err := m.node.Await(); code != 1 || err != nil {
					t.Fatalf("exit code %d, %v: %s", code, err, m.node.Log())
				}
				m.Disk.Heal()
				m.refusesAsSuspect(t, "on the page cache that lies")
				m.remount(t)
				m.refusesAsSuspect(t, "after a remount")
				m.resetSuspect(t)
				must(t, m.node.Start())
				must(t, m.load.CheckRecovered(t.Context(), m.node.Connect))
				must(t, m.node.Stop())
				must(t, m.checksums())
			})
		})
	}
}

func (m *run) refusesAsSuspect(t *testing.T, when string) {
	t.Helper()
	if _, err := os.Stat(m.suspectFile()); err != nil {
		t.Fatalf("no mark %s: %v: %s", when, err, m.node.Log())
	}
	err := m.node.Start()
	if err == nil || !strings.Contains(m.node.Log(), "may have lost log") {
		t.Fatalf("%s: a suspect node became primary, or does not say why not: %v", when, err)
	}
	m.node.Kill()
}

// resetSuspect takes the mark away, if there is one, as troubleshooting.md says.
func (m *run) resetSuspect(t *testing.T) {
	t.Helper()
	_, _, err := m.node.Tool("resetsuspect", "-D", m.node.Data, "-f", "-c", "preload_modules=kv,ledger")
	must(t, err)
}

// TestAFailedFlushAcknowledgesNothing fails what makes the disk's cache durable. The file system may
// go read-only, so that there can be no mark; then nothing can be lied about either.
func TestAFailedFlushAcknowledgesNothing(t *testing.T) {
	for name, times := range map[string]int{"once": 1, "for good": 0} {
		t.Run(name, func(t *testing.T) {
			eachFileSystem(t, func(t *testing.T, kind attach.Kind) {
				m := loaded(t, kind)
				m.Disk.Fail(&disk.Fault{Op: disk.Flush, Times: times, Err: syscall.EIO})
				m.load.Run(m.node.Connect, 2, 0)
				if code, err := m.node.Await(); code != 1 || err != nil {
					t.Fatalf("exit code %d, %v: %s", code, err, m.node.Log())
				}
				if err := m.node.Start(); err == nil {
					t.Fatalf("it took writes again: %s", m.node.Log())
				}
				m.node.Kill()
				m.Disk.Cut()
				must(t, m.Unmount())
				m.Disk.Restore(rand.New(rand.NewPCG(1, 1)), disk.Nothing)
				must(t, m.Mount())
				m.resetSuspect(t)
				must(t, m.node.Start())
				must(t, m.load.CheckRecovered(t.Context(), m.node.Connect))
			})
		})
	}
}
