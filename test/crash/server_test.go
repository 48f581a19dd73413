package crash_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var binary string

// TestMain builds the node once.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "crash")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "node")
	code := 1
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/node").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the node: %v\n%s", err, out)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// A server is one data directory and the process that runs on it, if any.
type server struct {
	t       *testing.T
	dir     string // holds data, the socket and the log file
	options []string
	cmd     *exec.Cmd
	ended   chan error
}

// newServer prepares a place for a data directory. The socket's path must be short.
func newServer(t *testing.T, options ...string) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "crash")
	must(t, err)
	s := &server{t: t, dir: dir, options: append([]string{"listen_addresses=", "unix_socket_directories=" + dir, "port=5432"}, options...)}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			text, _ := os.ReadFile(s.log())
			t.Logf("%s:\n%s", s.log(), text[max(0, len(text)-10_000):])
		}
		os.RemoveAll(dir)
	})
	return s
}

func (s *server) data() string     { return filepath.Join(s.dir, "data") }
func (s *server) log() string      { return filepath.Join(s.dir, "log") }
func (s *server) conninfo() string { return "host=" + s.dir + " port=5432 user=postgres" }

func (s *server) init() {
	s.t.Helper()
	s.node("init", "-D", s.data(), "--wal-segsize=1")
}

// node runs one of the node's commands, which has to succeed.
func (s *server) node(args ...string) {
	s.t.Helper()
	if out, err := exec.Command(binary, args...).CombinedOutput(); err != nil {
		text, _ := os.ReadFile(s.log())
		s.t.Fatalf("node %s: %v\n%s\n%s", strings.Join(args, " "), err, out, text[max(0, len(text)-3000):])
	}
}

// launch starts the process and does not wait until it can be used.
func (s *server) launch(more ...string) {
	s.t.Helper()
	args := []string{"run", "-D", s.data()}
	for _, o := range append(s.options[:len(s.options):len(s.options)], more...) {
		args = append(args, "-c", o)
	}
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(s.t, err)
	defer log.Close()
	s.cmd = exec.Command(binary, args...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	must(s.t, s.cmd.Start())
	s.ended = make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan<- error) { ended <- cmd.Wait() }(s.cmd, s.ended)
}

// start starts the process and waits until it is open for writes or streams.
func (s *server) start(more ...string) {
	s.t.Helper()
	s.launch(more...)
	s.await()
}

func (s *server) await() {
	s.t.Helper()
	s.node("wait", "-D", s.data())
}

// kill ends the process with SIGKILL and waits until it is gone.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGKILL)
	<-s.ended
	s.cmd = nil
}

// stop ends the process in order.
func (s *server) stop() {
	s.t.Helper()
	s.cmd.Process.Signal(syscall.SIGTERM)
	if err := <-s.ended; err != nil {
		s.t.Fatalf("the node stopped with %v", err)
	}
	s.cmd = nil
}

func (s *server) connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, s.conninfo()+" dbname=postgres sslmode=disable")
}

// query returns the rows of a statement, values as text.
func (s *server) query(statement string, args ...any) [][]string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	conn, err := s.connect(ctx)
	must(s.t, err)
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, statement, args...)
	must(s.t, err)
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		values, err := rows.Values()
		must(s.t, err)
		var row []string
		for _, v := range values {
			row = append(row, fmt.Sprint(v))
		}
		out = append(out, row)
	}
	must(s.t, rows.Err())
	return out
}

// checksums has PostgreSQL's own tool verify every page; the node has stopped in order.
func (s *server) checksums() {
	s.t.Helper()
	out, err := exec.Command("/usr/lib/postgresql/15/bin/pg_checksums", "--check", "-D", s.data()).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("Bad checksums:  0")) {
		s.t.Errorf("pg_checksums: %v\n%s", err, out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
