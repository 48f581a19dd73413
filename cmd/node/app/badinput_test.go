package app_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/cmd/node/app"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
)

// node runs a command line in this process.
func node(args ...string) (code int, stderr string) {
	var out, errs bytes.Buffer
	code = app.Run(args, &out, &errs, kv.Module)
	return code, errs.String()
}

// refusal is node for a command that must not go on.
func refusal(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		code, stderr = node(args...)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the node runs")
	}
	return code, stderr
}

// initialised makes a data directory with segments of so many MB and a log that was never written to.
func initialised(t *testing.T, megabytes int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	if code, stderr := node("init", "-D", dir, fmt.Sprintf("--wal-segsize=%d", megabytes)); code != 0 {
		t.Fatal(stderr)
	}
	return dir
}

const segment1 = "pg_wal/000000010000000000000001"

// TestADirectoryThatCannotBeUsedIsLeftAlone: one clear error, exit code 1, and every byte as before.
func TestADirectoryThatCannotBeUsedIsLeftAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string // a pattern; %D stands for the directory
	}{
		"there is none": {want: "data directory %D is empty or does not exist: make one with `node init -D %D` or `node basebackup`",
			spoil: func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }},
		"it is empty": {want: "data directory %D is empty or does not exist: .*",
			spoil: func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)); must(t, os.Mkdir(dir, 0o700)) }},
		"it is somebody else's": {want: "%D is not a node's data directory: read pg_control: .*no such file or directory",
			spoil: func(t *testing.T, dir string) {
				must(t, os.RemoveAll(dir))
				must(t, os.Mkdir(dir, 0o700))
				write(t, dir, "precious", 0, []byte("data"))
			}},
		"its log is of a foreign system": {want: "open data directory %D: .*log is corrupt.*page is of system [0-9]+, want [0-9]+.*",
			spoil: func(t *testing.T, dir string) {
				must(t, os.CopyFS(dir+".x", os.DirFS(initialised(t, 1))))
				swap(t, dir, segment1)
			}},
		"its log has segments of another size": {want: "open data directory %D: .*page says segment size 2097152, want 1048576.*",
			spoil: func(t *testing.T, dir string) { write(t, dir, segment1, 32, []byte{0, 0, 0x20, 0}) }},
		"its control file is of segments of another size": {want: "open data directory %D: .*log is corrupt.*",
			spoil: func(t *testing.T, dir string) {
				must(t, os.CopyFS(dir+".x", os.DirFS(initialised(t, 2))))
				swap(t, dir, "global/pg_control")
			}},
		"init did not finish": {want: "%D is not a node's data directory: initialization was interrupted: run init again",
			spoil: func(t *testing.T, dir string) { write(t, dir, "redoubt.init", 0, nil) }},
		"init did not come to the control file": {want: "%D is not a node's data directory: .*initialization was interrupted: run init again",
			spoil: func(t *testing.T, dir string) {
				write(t, dir, "redoubt.init", 0, nil)
				must(t, os.Remove(filepath.Join(dir, "global/pg_control")))
			}},
		"its control file has a bad checksum": {want: "%D is not a node's data directory: %D/global/pg_control: .*(CRC|checksum).*",
			spoil: func(t *testing.T, dir string) { write(t, dir, "global/pg_control", 40, []byte{0xFF}) }},
		"its control file is cut short": {want: "%D is not a node's data directory: %D/global/pg_control: .*",
			spoil: func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, "global/pg_control"), 100)) }},
		"its control file is of an unknown version": {want: "%D is not a node's data directory: %D/global/pg_control: .*version 1201.*",
			spoil: func(t *testing.T, dir string) { write(t, dir, "global/pg_control", 8, []byte{0xB1, 4, 0, 0}) }},
		"its log is of an unknown version": {want: "open data directory %D: .*invalid page magic D1FF.*",
			spoil: func(t *testing.T, dir string) { write(t, dir, segment1, 0, []byte{0xFF, 0xD1}) }},
		"its files are of another PostgreSQL": {want: "open data directory %D: .*PG_VERSION says .16.: this node's files are those of PostgreSQL 15",
			spoil: func(t *testing.T, dir string) { write(t, dir, "PG_VERSION", 0, []byte("16\n")) }},
		"its version file is gone": {want: "open data directory %D: .*PG_VERSION: no such file or directory",
			spoil: func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, "PG_VERSION"))) }},
		"its log is gone": {want: "open data directory %D: .*segment 000000010000000000000001 is not there",
			spoil: func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, segment1))) }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := initialised(t, 1)
			tt.spoil(t, dir)
			before := tree(t, dir)
			code, stderr := refusal(t, "run", "-D", dir, "-c", "listen_addresses=", "-c", "log_min_messages=error")
			if code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if strings.Count(stderr, "\n") != 1 {
				t.Errorf("more than one line: %s", stderr)
			}
			want := "^node: " + strings.ReplaceAll(tt.want, "%D", regexp.QuoteMeta(dir)) + "\n$"
			if !regexp.MustCompile(want).MatchString(stderr) {
				t.Errorf("got  %swant %s", stderr, want)
			}
			if after := tree(t, dir); after != before {
				t.Errorf("the directory has changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}

// write puts bytes into a file of a directory.
func write(t *testing.T, dir, name string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE, 0o600)
	must(t, err)
	_, err = f.WriteAt(b, at)
	must(t, err)
	must(t, f.Close())
}

// swap takes a file from the directory beside.
func swap(t *testing.T, dir, name string) {
	t.Helper()
	must(t, os.Rename(filepath.Join(dir+".x", name), filepath.Join(dir, name)))
}

// tree is every name below a directory with its mode, size, contents' bytes and time of change.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%s %s %d %s", name, info.Mode(), info.Size(), info.ModTime())
		if !d.IsDir() {
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			fmt.Fprintf(&out, " %x", sha256.Sum256(b))
		}
		out.WriteByte('\n')
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return out.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
