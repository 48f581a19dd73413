package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// tool finds one of PostgreSQL 15's programs.
func tool(t *testing.T, name string) string {
	t.Helper()
	const debian = "/usr/lib/postgresql/15/bin/"
	if _, err := os.Stat(debian + name); err == nil {
		return debian + name
	}
	p, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not here: install the Debian package postgresql-15", name)
	}
	return p
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool(t, name), args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

func TestPostgreSQLsToolsReadTheDirectory(t *testing.T) {
	root := filepath.Join(t.TempDir(), "data")
	o := options(t, vfs.OS(), kv.Module)
	o.Dir, o.ConsistencyChecking, o.WALCompression = root, []string{"all"}, "lz4"
	err := engine.Init(o.FS, root, engine.InitOptions{SystemID: 7710516732398617829, Now: epoch, Table: o.Table})
	if err != nil {
		t.Fatal(err)
	}
	s := storeOf(t, primary(t, o), o)
	first := s.Positions().Redo
	for i := range 700 {
		s.put(key(i), value(i))
	}
	if err := s.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.put("last", "one")
	closeEngine(t, s.Engine)

	control := run(t, "pg_controldata", root)
	for _, want := range []string{
		"pg_control version number:            1300\n",
		"Database system identifier:           7710516732398617829\n",
		"Database cluster state:               shut down\n",
		"Latest checkpoint's TimeLineID:       1\n",
		"Data page checksum version:           1\n",
		"wal_level setting:                    logical\n",
	} {
		if !strings.Contains(control, want) {
			t.Errorf("pg_controldata does not say %q:\n%s", want, control)
		}
	}

	e := open(t, o)
	end := e.Positions().Flush
	e.Abort()
	dump := run(t, "pg_waldump", "-s", first.String(), "-e", end.String(), segmentFile(root, 1, first, wal.DefaultSegmentSize))
	for _, want := range []string{"CHECKPOINT_SHUTDOWN", "CHECKPOINT_ONLINE", "custom250", "custom251"} {
		if !strings.Contains(dump, want) {
			t.Errorf("pg_waldump does not show %s", want)
		}
	}

	closeEngine(t, primary(t, o))
	if out := run(t, "pg_checksums", "--check", "-D", root); !strings.Contains(out, "Bad checksums:  0") || strings.Contains(out, "Blocks scanned: 0\n") {
		t.Errorf("pg_checksums: %s", out)
	}
}

func TestPgWaldumpShowsANewTimeline(t *testing.T) {
	root := filepath.Join(t.TempDir(), "data")
	o := options(t, vfs.OS(), kv.Module)
	o.Dir = root
	if err := engine.Init(o.FS, root, engine.InitOptions{SegmentSize: 1 << 20, SystemID: 5, Now: epoch, Table: o.Table}); err != nil {
		t.Fatal(err)
	}
	s := storeOf(t, primary(t, o), o)
	s.put("a", "1")
	closeEngine(t, s.Engine)
	e := open(t, o)
	fork := e.Positions().Flush
	promote(t, e, 2)
	s = storeOf(t, e, o)
	s.put("b", "2")
	end := s.Log().FlushedLSN()
	s.Abort()
	dump := run(t, "pg_waldump", "-t", "2", "-s", wal.RecordStart(fork, 1<<20).String(), "-e", end.String(), segmentFile(root, 2, fork, 1<<20))
	lines := strings.Split(dump, "\n")
	if !strings.Contains(lines[0], "END_OF_RECOVERY tli 2; prev tli 1") || !strings.Contains(lines[1], "custom250") {
		t.Errorf("the timeline begins with\n%s", strings.Join(lines[:2], "\n"))
	}
	history, err := os.ReadFile(filepath.Join(root, "pg_wal", "00000002.history"))
	if want := fmt.Sprintf("1\t%s\ta test\n", fork); err != nil || string(history) != want {
		t.Errorf("history file is %q, %v; want %q", history, err, want)
	}
}

// segmentFile is named to pg_waldump so that it does not guess the segment size from a file that is
// prepared and still empty.
func segmentFile(root string, tli wal.TimelineID, lsn wal.LSN, size uint64) string {
	return filepath.Join(root, "pg_wal", wal.SegmentName(tli, lsn, size))
}
