package interop_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A node is one of ours in a process of its own, with a socket in its directory.
type node struct {
	t    testing.TB
	root string
	args []string // settings
	log  bytes.Buffer
	cmd  *exec.Cmd
}

func startNode(t testing.TB, settings ...string) *node {
	t.Helper()
	root, err := os.MkdirTemp("", "node") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	n := &node{t: t, root: root}
	for _, s := range append([]string{"listen_addresses=", "unix_socket_directories=" + root, "preload_modules=kv,ledger"}, settings...) {
		n.args = append(n.args, "-c", s)
	}
	for _, args := range [][]string{{"go", "build", "-o", n.path("node"), "../../cmd/node"}, {n.path("node"), "init", "-D", n.path("data"), "--wal-segsize=1"}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	n.start()
	t.Cleanup(n.kill)
	return n
}

func (n *node) path(name string) string { return filepath.Join(n.root, name) }

// start returns when the node is open for writes.
func (n *node) start() {
	n.t.Helper()
	n.cmd = exec.Command(n.path("node"), append([]string{"run", "-D", n.path("data")}, n.args...)...)
	n.cmd.Stderr = io.MultiWriter(n.t.Output(), &n.log)
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	if out, err := exec.Command(n.path("node"), "wait", "-D", n.path("data")).CombinedOutput(); err != nil {
		n.t.Fatalf("node wait: %v\n%s", err, out)
	}
}

func (n *node) kill() {
	if n.cmd != nil {
		n.cmd.Process.Kill()
		n.cmd.Wait()
		n.cmd = nil
	}
}

func (n *node) connect() *pgx.Conn {
	n.t.Helper()
	return connect(n.t, fmt.Sprintf("host=%s user=postgres dbname=postgres", n.root))
}
