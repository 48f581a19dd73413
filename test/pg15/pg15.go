// Package pg15 runs a real PostgreSQL 15 for tests, and its tools. The server is Debian's package
// postgresql-15; tests that run as root give it to the user postgres, because it refuses root.
package pg15

import (
	"bytes"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const binaries = "/usr/lib/postgresql/15/bin"

// Output is what a tool said and how it ended.
type Output struct {
	Stdout, Stderr string
	Code           int
}

// Tool runs one of PostgreSQL's tools as the test's own user, where it is UTC.
func Tool(t testing.TB, name string, args ...string) Output {
	t.Helper()
	var out, errors bytes.Buffer
	cmd := exec.Command(filepath.Join(binaries, name), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{"TZ=UTC", "LC_ALL=C"}, &out, &errors
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("%v: install Debian's package postgresql-15", err)
	}
	return Output{out.String(), errors.String(), cmd.ProcessState.ExitCode()}
}

// A Server is a real PostgreSQL 15 with a data directory of its own.
type Server struct {
	t          testing.TB
	root, Data string
	options    string
}

// Start makes a cluster with initdb's arguments init and runs it with settings ("name=value") until
// the test ends. There is no fsync.
func Start(t testing.TB, init []string, settings ...string) *Server {
	t.Helper()
	root, err := os.MkdirTemp("", "postgres") // t.TempDir's parents are closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	s := &Server{t: t, root: root, Data: filepath.Join(root, "data")}
	if uid, gid, ok := s.user(); ok {
		if err := os.Chown(root, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	s.run("initdb", append([]string{"-D", s.Data, "-A", "trust", "-N", "--no-locale", "-E", "UTF8"}, init...)...)
	s.options = "-k " + root + " -c listen_addresses='' -c fsync=off -c autovacuum=off"
	for _, setting := range settings {
		s.options += " -c " + setting
	}
	s.Restart()
	t.Cleanup(func() {
		if _, err := os.Stat(filepath.Join(s.Data, "postmaster.pid")); err == nil {
			s.Stop("immediate")
		}
	})
	return s
}

// Restart runs the server again after Stop.
func (s *Server) Restart() {
	s.t.Helper()
	s.run("pg_ctl", "-s", "-w", "-D", s.Data, "-l", filepath.Join(s.root, "log"), "-o", s.options, "start")
}

// Stop ends the server: "fast", or "immediate" as a crash would.
func (s *Server) Stop(mode string) {
	s.t.Helper()
	s.run("pg_ctl", "-s", "-D", s.Data, "-m", mode, "stop")
}

// SQL runs statements and returns their rows.
func (s *Server) SQL(query string) string {
	s.t.Helper()
	return s.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", s.root, "-d", "postgres", "-c", query)
}

// Pgbench runs pgbench without its vacuum.
func (s *Server) Pgbench(args ...string) {
	s.t.Helper()
	s.run("pgbench", append([]string{"-h", s.root, "-n"}, append(args, "postgres")...)...)
}

func (s *Server) run(name string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(binaries, name), args...)
	cmd.Env, cmd.Dir = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}, "/"
	if uid, gid, ok := s.user(); ok {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

// user is who runs the server, if this is root.
func (s *Server) user() (uid, gid uint32, ok bool) {
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		s.t.Fatalf("tests that run as root need the user postgres, which Debian's package postgresql-15 makes: %v", err)
	}
	id, _ := strconv.Atoi(u.Uid)
	group, _ := strconv.Atoi(u.Gid)
	return uint32(id), uint32(group), true
}

// Log is the server's log so far.
func (s *Server) Log() string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.root, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}
