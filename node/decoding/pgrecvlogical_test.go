package decoding_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tool finds one of PostgreSQL 15's programs or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"/usr/lib/postgresql/15/bin", "/usr/bin"} {
		path := filepath.Join(dir, name)
		if out, err := exec.Command(path, "--version").Output(); err == nil && strings.Contains(string(out), " 15.") {
			return path
		}
	}
	t.Fatalf("PostgreSQL 15's %s is not here: install the Debian packages postgresql-15 and postgresql-client-15", name)
	return ""
}

// A process is a node of its own, on a disk.
type process struct {
	t      *testing.T
	binary string
	dir    string
	port   int
	cmd    *exec.Cmd
}

func newProcess(t *testing.T) *process {
	t.Helper()
	p := &process{t: t, dir: filepath.Join(t.TempDir(), "data"), binary: filepath.Join(t.TempDir(), "node")}
	for _, args := range [][]string{{"go", "build", "-o", p.binary, "../../cmd/node"}, {p.binary, "init", "-D", p.dir, "--wal-segsize=1"}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
	for p.port == 0 { // below those that the system gives to outgoing connections
		port := 20000 + rand.IntN(12000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			p.port = port
		}
	}
	t.Cleanup(func() {
		p.end(syscall.SIGKILL)
		if t.Failed() {
			log, _ := os.ReadFile(p.dir + ".log")
			t.Logf("%s", log)
		}
	})
	p.start()
	return p
}

func (p *process) start() {
	p.t.Helper()
	log, err := os.OpenFile(p.dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(p.t, err)
	defer log.Close()
	p.cmd = exec.Command(p.binary, "run", "-D", p.dir, "-c", "listen_addresses=127.0.0.1", "-c", fmt.Sprintf("port=%d", p.port),
		"-c", "unix_socket_directories=", "-c", "preload_modules=kv,ledger")
	p.cmd.Stdout, p.cmd.Stderr = log, log
	must(p.t, p.cmd.Start())
	for range 200 {
		if out, _ := exec.Command(tool(p.t, "psql"), p.args("-XAtq", "-c", "SELECT pg_is_in_recovery()")...).Output(); strings.TrimSpace(string(out)) == "f" {
			return
		}
		time.Sleep(50 * time.Millisecond) // a real process: nothing tells when it is up
	}
	p.t.Fatal("the node does not come up")
}

func (p *process) end(s syscall.Signal) {
	if p.cmd != nil {
		p.cmd.Process.Signal(s)
		p.cmd.Wait()
		p.cmd = nil
	}
}

func (p *process) args(more ...string) []string {
	return append([]string{"-h", "127.0.0.1", "-p", fmt.Sprint(p.port), "-U", "postgres", "-d", "postgres"}, more...)
}

// sql runs statements and returns what psql prints.
func (p *process) sql(text string) string {
	p.t.Helper()
	out, err := exec.Command(tool(p.t, "psql"), p.args("-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", text, err, out)
	}
	return strings.TrimSpace(string(out))
}

// recvlogical runs pg_recvlogical to its end; fails tells whether it must fail.
func (p *process) recvlogical(fails bool, args ...string) string {
	p.t.Helper()
	cmd := exec.Command(tool(p.t, "pg_recvlogical"), p.args(append([]string{"-S", "s"}, args...)...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if (err != nil) != fails {
		p.t.Fatalf("pg_recvlogical %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// receive is what the slot has up to the end of the log now.
func (p *process) receive(options ...string) string {
	p.t.Helper()
	end := p.sql("SELECT pg_current_wal_lsn()")
	return p.recvlogical(false, append([]string{"--start", "-f", "-", "--no-loop", "--endpos", end}, options...)...)
}

func TestPgRecvlogical(t *testing.T) {
	tool(t, "pg_recvlogical")
	p := newProcess(t)
	p.recvlogical(false, "--create-slot", "-P", "test_decoding")
	p.recvlogical(false, "--create-slot", "-P", "test_decoding", "--if-not-exists")
	if got := p.recvlogical(true, "--create-slot", "-P", "nope"); !strings.Contains(got, `ERROR:  could not access file "nope": No such file or directory`) {
		t.Errorf("an unknown plugin: %s", got)
	}
	if got := p.sql("SELECT slot_name, plugin, slot_type, database, active FROM pg_replication_slots"); got != "s|test_decoding|logical|postgres|f" {
		t.Errorf("pg_replication_slots: %s", got)
	}

	p.sql("SELECT kv_put('a','1')")
	p.sql("SELECT pg_logical_emit_message(true, 'p', 'with its commit')")
	p.sql("SELECT kv_put('a','it''s 2'); SELECT kv_delete('a')")
	p.sql("SELECT ledger_open('x', 100); SELECT ledger_open('y', 5); SELECT ledger_transfer('x','y',7)")
	p.sql("SELECT pg_logical_emit_message(false, 'p', 'at once')")
	same(t, p.receive("-o", "include-xids=0"), lines(
		putLine("a", "1"),
		"BEGIN", "message: transactional: 1 prefix: p, sz: 15 content:with its commit", "COMMIT",
		"BEGIN", "table public.kv: UPDATE: old-key: value[text]:'1' new-tuple: key[text]:'a' value[text]:'it''s 2'", "COMMIT",
		"BEGIN", "table public.kv: DELETE: key[text]:'a' value[text]:'it''s 2'", "COMMIT",
		"BEGIN", "table ledger.account: INSERT: account[text]:'x' balance[bigint]:100", "COMMIT",
		"BEGIN", "table ledger.account: INSERT: account[text]:'y' balance[bigint]:5", "COMMIT",
		"BEGIN", "table public.ledger: TRANSFER: amount[bigint]:7 dst[text]:'y' src[text]:'x'", "COMMIT",
		"message: transactional: 0 prefix: p, sz: 7 content:at once"))

	// What was taken does not come again, neither after a kill nor after a stop.
	p.sql("SELECT kv_put('b','2')")
	p.end(syscall.SIGKILL)
	p.start()
	same(t, p.receive("-o", "include-xids=0"), putLine("b", "2"))
	p.end(syscall.SIGTERM)
	p.start()
	p.sql("SELECT kv_put('c','3')")
	same(t, p.receive("-o", "include-xids=0"), putLine("c", "3"))

	for option, want := range map[string]string{
		"bogus=1":            `ERROR:  option "bogus" = "1" is unknown`,
		"include-xids=maybe": `ERROR:  could not parse value "maybe" for parameter "include-xids"`,
	} {
		if got := p.recvlogical(true, "--start", "-f", "-", "--no-loop", "-o", option); !strings.Contains(got, want) {
			t.Errorf("-o %s: %s", option, got)
		}
	}
	p.recvlogical(false, "--drop-slot")
	if got := p.recvlogical(true, "--start", "-f", "-", "--no-loop"); !strings.Contains(got, `replication slot "s" does not exist`) {
		t.Errorf("a slot that was dropped: %s", got)
	}
	p.recvlogical(false, "--create-slot", "-P", "wal2json")
	p.sql("SELECT kv_put('d','4')")
	same(t, p.receive(), lines(`{"action":"B"}`,
		`{"action":"I","schema":"public","table":"kv","columns":[{"name":"key","type":"text","value":"d"},{"name":"value","type":"text","value":"4"}]}`,
		`{"action":"C"}`))
}

// A pg_recvlogical that runs on through kills and stops of the node has every change, in order; only
// what it had not confirmed may be there twice.
func TestPgRecvlogicalThroughKills(t *testing.T) {
	path := tool(t, "pg_recvlogical")
	p := newProcess(t)
	p.recvlogical(false, "--create-slot", "-P", "test_decoding")
	file := filepath.Join(t.TempDir(), "changes")
	stream := exec.Command(path, p.args("-S", "s", "--start", "-f", file, "-F", "1", "-s", "1")...)
	var said bytes.Buffer
	stream.Stderr = &said
	must(t, stream.Start())
	n := 0
	for round := range 4 {
		for range 25 {
			n++
			p.sql(fmt.Sprintf("SELECT kv_put('k%03d', '%d')", n, n))
		}
		if round == 3 {
			break
		}
		p.end([]syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGKILL}[round])
		p.start()
	}
	var keys []string
	for range 300 { // it connects again 5 s after a loss
		keys = distinctKeys(t, file)
		if len(keys) >= n {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	stream.Process.Signal(syscall.SIGINT)
	stream.Wait()
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("k%03d", i+1))
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("keys by their first appearance (-want +got)\n%s\npg_recvlogical said:\n%s", diff, said.String())
	}
}

// distinctKeys are the keys in a file of changes by their first appearance.
func distinctKeys(t *testing.T, file string) (keys []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		_, rest, ok := strings.Cut(line, "INSERT: key[text]:'")
		if key, _, whole := strings.Cut(rest, "' value"); ok && whole && !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys
}
