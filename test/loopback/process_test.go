package loopback_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
)

// builtIn is where build leaves the node.
var builtIn string

var built = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(builtIn, "node")
	out, err := exec.Command("go", "build", "-o", binary, "../../cmd/node").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build: %w\n%s", err, out)
	}
	return binary, err
})

// build builds the node once per test run.
func build(t *testing.T) string {
	t.Helper()
	binary, err := built()
	must(t, err)
	return binary
}

// tool finds one of PostgreSQL's programs or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"/usr/lib/postgresql/15/bin", "/usr/bin"} {
		if path := filepath.Join(dir, name); exec.Command(path, "--version").Run() == nil {
			return path
		}
	}
	t.Fatalf("PostgreSQL 15's %s is not here: install the Debian packages postgresql-15 and postgresql-client-15", name)
	return ""
}

// A process is one node.
type process struct {
	t         *testing.T
	name, dir string
	binary    string
	args      []string
	sql, ctl  int
	control   *control.Client
	cmd       *exec.Cmd
	log       *os.File
}

// freePort finds a port below those that the system gives to outgoing connections.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(12000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// newProcess prepares a managed node with certificates of a.
func newProcess(t *testing.T, binary, name string, a *authority) *process {
	t.Helper()
	p := &process{t: t, name: name, binary: binary, dir: filepath.Join(t.TempDir(), name), sql: freePort(t), ctl: freePort(t)}
	a.issue(name)
	p.args = []string{"run", "-D", p.dir}
	for _, option := range []string{
		"managed=on", "instance_name=" + name, "preload_modules=kv,ledger", "listen_addresses=127.0.0.1", fmt.Sprintf("port=%d", p.sql),
		fmt.Sprintf("control_listen=127.0.0.1:%d", p.ctl), "control_cert_file=" + a.file(name+".crt"), "control_key_file=" + a.file(name+".key"), "control_ca_file=" + a.file("ca.crt"),
		"ssl=on", "ssl_cert_file=" + a.file(name+".crt"), "ssl_key_file=" + a.file(name+".key"), "ssl_ca_file=" + a.file("ca.crt"),
		"wal_retrieve_retry_interval=500ms", "shared_buffers=16MB",
		"wal_consistency_checking=all", // what replay makes is compared with what the primary had, all the time
	} {
		p.args = append(p.args, "-c", option)
	}
	p.control = control.NewClient(fmt.Sprintf("127.0.0.1:%d", p.ctl), control.ClientOptions{TLS: a.client("redoubt-operator", name)})
	t.Cleanup(func() {
		p.control.Close()
		p.kill(syscall.SIGKILL)
		if t.Failed() || os.Getenv("LOOPBACK_LOGS") != "" {
			text, _ := os.ReadFile(p.dir + ".log")
			t.Logf("%s:\n%s", name, text)
		}
	})
	return p
}

func (p *process) start() {
	p.t.Helper()
	log, err := os.OpenFile(p.dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(p.t, err)
	p.log = log
	p.cmd = exec.Command(p.binary, p.args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	must(p.t, p.cmd.Start())
}

// kill sends a signal and waits for the end; it returns the exit code.
func (p *process) kill(s syscall.Signal) int {
	if p.cmd == nil {
		return 0
	}
	p.cmd.Process.Signal(s)
	p.cmd.Wait()
	code := p.cmd.ProcessState.ExitCode()
	p.cmd = nil
	p.log.Close()
	return code
}

// do sends a command; it has to succeed.
func (p *process) do(request any) control.Status {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	s, err := p.control.Do(ctx, request)
	if err != nil {
		p.t.Fatalf("%T to %s: %v", request, p.name, err)
	}
	return s
}

// await waits until the node says of itself what is wanted.
func (p *process) await(what string, wanted func(control.Status) bool) control.Status {
	p.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		ctx, cancel := context.WithTimeout(p.t.Context(), 2*time.Second)
		s, err := p.control.Status(ctx)
		cancel()
		if err == nil && wanted(s) {
			return s
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s is not %s: %s %q, %v", p.name, what, s.Role, s.Message, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func hasRole(r control.Role) func(control.Status) bool {
	return func(s control.Status) bool { return s.Role == r }
}

func streaming(s control.Status) bool { return s.Role == control.RoleStandby && s.Streaming }

// upstream is how another node reaches p.
func (p *process) upstream() control.Upstream {
	return control.Upstream{Host: "127.0.0.1", Port: p.sql, Name: p.name}
}

// psql runs statements and returns what psql prints, without trailing white space.
func (p *process) psql(statements ...string) string {
	p.t.Helper()
	args := []string{"-X", "-A", "-t", "-h", "127.0.0.1", "-p", fmt.Sprint(p.sql), "-U", "postgres", "-v", "ON_ERROR_STOP=1"}
	for _, s := range statements {
		args = append(args, "-c", s)
	}
	out, err := exec.Command(tool(p.t, "psql"), args...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("psql on %s: %v\n%s", p.name, err, out)
	}
	return strings.TrimSpace(string(out))
}
