package power_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/test/power/attach"
	"github.com/redoubt-wal/redoubt/test/power/instance"
)

var (
	cuts = flag.Int("cuts", 12, "power cuts on each file system")
	seed = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of what is random: when the power goes and what survives")
)

var binary string

func TestMain(m *testing.M) {
	code, outside := attach.InNamespace()
	if !outside {
		code = prepared(m)
	}
	os.Exit(code)
}

func prepared(m *testing.M) int {
	dir, err := os.MkdirTemp("", "power")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "node")
	if err := instance.Build(binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// eachFileSystem runs a test on each.
func eachFileSystem(t *testing.T, test func(*testing.T, attach.Kind)) {
	for _, kind := range []attach.Kind{attach.Ext4, attach.XFS} {
		t.Run(string(kind), func(t *testing.T) { test(t, kind) })
	}
}

// A machine is a disk, a file system and a node on it.
type machine struct {
	*attach.Volume
	node instance.Node
}

// newMachine makes a disk with a data directory on it, mounted; the node does not run.
func newMachine(t *testing.T, kind attach.Kind) *machine {
	t.Helper()
	dir, err := os.MkdirTemp("", "power") // a socket's path has to be short
	must(t, err)
	v, err := attach.NewVolume(kind, dir)
	must(t, err)
	m := &machine{Volume: v, node: instance.Node{Binary: binary, Data: filepath.Join(v.Dir, "data"), Socket: dir}}
	t.Cleanup(func() {
		m.node.Kill()
		v.Disk.Cut()
		if err := errors.Join(v.Unmount(), v.Close()); err != nil {
			t.Error(err)
		}
		os.RemoveAll(dir)
	})
	must(t, v.Mount())
	must(t, m.node.Init())
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
