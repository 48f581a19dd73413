package power_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sys/unix"

	"github.com/redoubt-wal/redoubt/test/power/attach"
	"github.com/redoubt-wal/redoubt/test/power/disk"
)

// TestAFullFileSystemTurnsWritesAwayUntilThereIsRoom fills the file system under a node that works, then
// makes room, and fills it again and cuts the power.
func TestAFullFileSystemTurnsWritesAwayUntilThereIsRoom(t *testing.T) {
	eachFileSystem(t, func(t *testing.T, kind attach.Kind) {
		m := loaded(t, kind, "wal_keep_size=1GB") // with recycled segments it might never need more room
		m.fill(t)
		m.writeUntilFull(t)
		must(t, m.load.Check(t.Context(), m.node.Connect))
		m.makeRoom(t)
		must(t, errors.Join(m.load.Run(m.node.Connect, 4, 100)...))
		must(t, m.load.Check(t.Context(), m.node.Connect))

		m.fill(t)
		m.writeUntilFull(t)
		m.Disk.Cut()
		m.node.Kill()
		must(t, m.Unmount())
		m.Disk.Restore(rand.New(rand.NewPCG(1, 1)), disk.Some)
		must(t, m.Mount())
		m.makeRoom(t)
		must(t, m.node.Start())
		must(t, m.load.CheckRecovered(t.Context(), m.node.Connect))
		must(t, m.node.Stop())
		must(t, m.checksums())
	})
}

// writeUntilFull writes until each writer is turned away, with 53100 and nothing else.
func (m *run) writeUntilFull(t *testing.T) {
	t.Helper()
	for _, err := range m.load.Run(m.node.Connect, 3, 0) {
		var refusal *pgconn.PgError
		if !errors.As(err, &refusal) || refusal.Code != "53100" {
			t.Fatalf("on a full disk: %v, want SQLSTATE 53100\n%s", err, m.node.Log())
		}
	}
}

func (m *run) filler() string { return filepath.Join(m.Dir, "filler") }

// fill takes all room that is left on the file system.
func (m *run) fill(t *testing.T) {
	t.Helper()
	f, err := os.Create(m.filler())
	must(t, err)
	defer f.Close()
	end := int64(0)
	for size := int64(1 << 20); size >= 4096; {
		switch err := unix.Fallocate(int(f.Fd()), 0, end, size); {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		case err != nil:
			t.Fatal(err)
		default:
			end += size
		}
	}
	must(t, f.Sync())
}

func (m *run) makeRoom(t *testing.T) {
	t.Helper()
	if err := os.Remove(m.filler()); err != nil && !errors.Is(err, os.ErrNotExist) { // the cut may have taken it
		t.Fatal(err)
	}
}
