package loopback_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/test/identical"
)

// A plain node is one without an operator, as PostgreSQL's users start it: a primary, or a standby made
// by basebackup -R.
type plain struct {
	t       *testing.T
	binary  string
	name    string
	dir     string
	port    int
	options []string
	as      string // one of impostors, or "" for the real node
	cmd     *exec.Cmd
	ended   chan error // gets what Wait says
}

// newPlain initialises a primary with these modules; it does not run yet.
func newPlain(t *testing.T, binary, modules string, options ...string) *plain {
	t.Helper()
	p := &plain{t: t, binary: binary, name: "primary", dir: filepath.Join(t.TempDir(), "primary"), port: freePort(t)}
	p.options = append([]string{"preload_modules=" + modules}, options...)
	p.tool("init", "--wal-segsize=1", "--preload=")
	p.cleanUp()
	return p
}

// standby makes a copy of a running p that follows it. It does not run yet.
func (p *plain) standby(name string, options ...string) *plain {
	p.t.Helper()
	s := &plain{t: p.t, binary: p.binary, name: name, dir: filepath.Join(p.t.TempDir(), name), port: freePort(p.t)}
	s.options = append(append([]string(nil), p.options...), options...)
	s.tool("basebackup", "-R", "-d", fmt.Sprintf("host=127.0.0.1 port=%d application_name=%s", p.port, name))
	s.cleanUp()
	return s
}

func (p *plain) cleanUp() {
	p.t.Cleanup(func() {
		p.kill()
		if p.t.Failed() {
			p.t.Logf("%s:\n%s", p.name, p.log())
		}
	})
}

// tool runs another command of the binary on the directory and returns what it prints.
func (p *plain) tool(args ...string) string {
	p.t.Helper()
	out, err := exec.Command(p.binary, append(args, "-D", p.dir)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("node %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// start runs the node; whether it stays is for the caller to see.
func (p *plain) start(options ...string) {
	p.t.Helper()
	log, err := os.OpenFile(p.dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(p.t, err)
	defer log.Close()
	args := []string{"run", "-D", p.dir}
	for _, o := range append(append([]string{"listen_addresses=127.0.0.1", fmt.Sprintf("port=%d", p.port), "wal_retrieve_retry_interval=100ms", "shared_buffers=16MB"}, p.options...), options...) {
		args = append(args, "-c", o)
	}
	program := p.binary
	if p.as != "" {
		self, err := os.Executable()
		must(p.t, err)
		program = self
	}
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = append(os.Environ(), impostorName+"="+p.as)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	must(p.t, p.cmd.Start())
	ended, cmd := make(chan error, 1), p.cmd
	p.ended = ended
	go func() { ended <- cmd.Wait() }()
}

// run starts the node and waits until it is open for writes or streams.
func (p *plain) run(options ...string) *plain {
	p.t.Helper()
	p.start(options...)
	p.tool("wait")
	return p
}

// end waits until the process has ended by itself: "exit 1", "signal: killed".
func (p *plain) end() string {
	p.t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() < 0 {
			return err.Error()
		}
		return fmt.Sprintf("exit %d", p.cmd.ProcessState.ExitCode())
	case <-time.After(30 * time.Second):
		p.t.Fatalf("%s does not end", p.name)
		return ""
	}
}

func (p *plain) kill() {
	if p.cmd != nil {
		p.cmd.Process.Signal(syscall.SIGKILL)
		p.end()
	}
}

// stop is a fast stop, which has to succeed.
func (p *plain) stop() {
	p.t.Helper()
	must(p.t, p.cmd.Process.Signal(syscall.SIGINT))
	if how := p.end(); how != "exit 0" {
		p.t.Errorf("%s ended at SIGINT with %s", p.name, how)
	}
}

func (p *plain) log() string {
	text, err := os.ReadFile(p.dir + ".log")
	must(p.t, err)
	return string(text)
}

// awaitLog waits until the log has what ok looks for.
func (p *plain) awaitLog(what string, ok func(log string) bool) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(p.log()); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("the log of %s does not have %s", p.name, what)
		}
	}
}

// psql runs psql with its usual output and returns it with standard error; it may fail.
func (p *plain) psql(args ...string) (string, error) {
	args = append([]string{"-X", "-h", "127.0.0.1", "-p", fmt.Sprint(p.port), "-U", "postgres", "-v", "ON_ERROR_STOP=1"}, args...)
	out, err := exec.Command(tool(p.t, "psql"), args...).CombinedOutput()
	return string(out), err
}

// ask is the bare answer to a statement that has to succeed.
func (p *plain) ask(statement string) string {
	p.t.Helper()
	out, err := p.psql("-A", "-t", "-c", statement)
	if err != nil {
		p.t.Fatalf("%s: %s: %v\n%s", p.name, statement, err, out)
	}
	return strings.TrimSpace(out)
}

// awaitReplayOf waits until p has replayed all that other has now.
func (p *plain) awaitReplayOf(other *plain) {
	p.t.Helper()
	at := other.ask("SELECT pg_current_wal_lsn()")
	for deadline := time.Now().Add(30 * time.Second); p.ask("SELECT pg_last_wal_replay_lsn() >= '"+at+"'::pg_lsn") != "t"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s has not replayed up to %s", p.name, at)
		}
	}
}

// identicalPages compares the pages of a primary and its standbys once these have replayed everything.
func identicalPages(t *testing.T, primary *plain, standbys ...*plain) {
	t.Helper()
	rows := map[string][]identical.Row{primary.name: identical.Lines(primary.ask(identical.Query))}
	for _, s := range standbys {
		s.awaitReplayOf(primary)
		rows[s.name] = identical.Lines(s.ask(identical.Query))
	}
	pages, err := identical.Compare(rows)
	if err != nil || pages == 0 {
		t.Errorf("%d pages compared: %v", pages, err)
	}
}
