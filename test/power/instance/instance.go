package instance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience is how long a node may take for what it does in milliseconds: it ends a test that hangs.
const patience = time.Minute

// A Node is one data directory and, between Start and Kill, the process on it.
type Node struct {
	Binary string
	Data   string // data directory
	Socket string // directory for the socket

	cmd   *exec.Cmd
	ended chan struct{}
	mu    sync.Mutex
	text  bytes.Buffer
}

// Build builds the node in its own module.
func Build(out string) error {
	cmd := exec.Command("go", "build", "-o", out, "./cmd/node")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the node: %w: %s", err, text)
	}
	return nil
}

// Init makes the data directory, with small segments so that there are many edges.
func (n *Node) Init() error {
	_, _, err := n.Tool("init", "-D", n.Data, "--wal-segsize=1")
	return err
}

// Start starts the process and returns when it takes writes, or why it does not.
func (n *Node) Start(settings ...string) error {
	args := []string{"run", "-D", n.Data}
	for _, s := range append([]string{"listen_addresses=", "unix_socket_directories=" + n.Socket, "port=5432", "preload_modules=kv,ledger"}, settings...) {
		args = append(args, "-c", s)
	}
	n.cmd, n.ended = exec.Command(n.Binary, args...), make(chan struct{})
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	n.cmd.Stdout, n.cmd.Stderr = n, n
	n.text.Reset()
	if err := n.cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer close(n.ended)
		n.cmd.Wait() // how it ended is in ProcessState
	}()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go func() {
		select {
		case <-n.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	if out, err := exec.CommandContext(ctx, n.Binary, "wait", "-D", n.Data, "--timeout", patience.String()).CombinedOutput(); err != nil {
		return fmt.Errorf("the node does not take writes: %w: %s%s", err, out, n.Log())
	}
	return nil
}

// Write takes what the process logs.
func (n *Node) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

// Log is what the process has logged.
func (n *Node) Log() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// Ended is closed when the process has ended.
func (n *Node) Ended() <-chan struct{} { return n.ended }

// Await waits until the process ends by itself and returns its exit code.
func (n *Node) Await() (int, error) {
	select {
	case <-n.ended:
		return n.cmd.ProcessState.ExitCode(), nil
	case <-time.After(patience):
		return 0, fmt.Errorf("the node still runs after %s: %s", patience, n.Log())
	}
}

// Kill kills the process, if there is one, and waits for its end.
func (n *Node) Kill() {
	if n.cmd == nil || n.cmd.Process == nil {
		return
	}
	n.cmd.Process.Kill()
	<-n.ended
}

// Stop ends the process in order.
func (n *Node) Stop() error {
	if _, _, err := n.Tool("stop", "-D", n.Data); err != nil {
		return err
	}
	code, err := n.Await()
	if code != 0 {
		err = errors.Join(err, fmt.Errorf("stopped with exit code %d: %s", code, n.Log()))
	}
	return err
}

// Connect opens a session.
func (n *Node) Connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, "host="+n.Socket+" port=5432 user=postgres dbname=postgres")
}

// Tool runs a command of the node's binary.
func (n *Node) Tool(args ...string) (stdout, stderr string, err error) { return run(n.Binary, args) }

// Postgres runs one of PostgreSQL 15's programs.
func Postgres(name string, args ...string) (stdout, stderr string, err error) {
	return run(filepath.Join("/usr/lib/postgresql/15/bin", name), args)
}

func run(name string, args []string) (string, string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s %v: %w: %s", filepath.Base(name), args, err, stderr.String())
	}
	return stdout.String(), stderr.String(), err
}
