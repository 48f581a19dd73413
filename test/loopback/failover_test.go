package loopback_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/test/identical"
)

// Three processes, a load of pgbench, kill -9 of the primary: what was acknowledged is on the
// successor, and the old primary comes back as its standby.
func TestPrimaryKilledUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	pgbench := tool(t, "pgbench")
	binary, certs := build(t), newAuthority(t, t.TempDir())
	certs.issue("redoubt-operator")
	a, b, c := newProcess(t, binary, "a", certs), newProcess(t, binary, "b", certs), newProcess(t, binary, "c", certs)
	for _, p := range []*process{a, b, c} {
		p.start()
		p.await("empty", hasRole(control.RoleEmpty))
	}
	system := a.do(control.InitRequest{}).SystemIdentifier
	a.do(control.PromoteRequest{Timeline: 1, Synchronous: control.Synchronous{Method: "any", Number: 1, Members: []string{"b", "c"}}})
	for _, p := range []*process{b, c} {
		up := a.upstream()
		up.SystemIdentifier = system
		p.do(control.FollowRequest{Upstream: up, Timeline: 1})
	}
	b.await("streaming", streaming)
	c.await("streaming", streaming)

	if got := a.psql("SELECT kv_put('first','1')", "SELECT kv_get('first')"); got[len(got)-1:] != "1" {
		t.Errorf("kv_get says %q", got)
	}
	if got := a.psql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"); got != "2" {
		t.Errorf("pg_stat_replication has %s streams, want 2", got)
	}

	// Every transaction puts a key of its own, so acknowledged ones can be counted.
	log := filepath.Join(t.TempDir(), "pgbench")
	load := exec.Command(pgbench, "-h", "127.0.0.1", "-p", fmt.Sprint(a.sql), "-U", "postgres", "-n", "-f", writeScript(t), "-c", "4", "-T", "30", "--log", "--log-prefix", log, "postgres")
	must(t, load.Start())
	time.Sleep(3 * time.Second)
	began := time.Now()
	a.kill(syscall.SIGKILL)
	load.Wait()
	acked := linesIn(t, log)
	if acked < 100 {
		t.Fatalf("only %d transactions were acknowledged: the test proves nothing", acked)
	}

	// The operator's order: claim 2, fence enough, take the most log, promote, follow.
	sb, sc := b.do(control.FenceRequest{Timeline: 2}), c.do(control.FenceRequest{Timeline: 2})
	next, other := b, c
	if sc.FlushLSN > sb.FlushLSN {
		next, other = c, b
	}
	next.do(control.PromoteRequest{Timeline: 2, Synchronous: control.Synchronous{Method: "any", Number: 1, Members: []string{"a", other.name}}})
	other.do(control.FollowRequest{Upstream: next.upstream(), Timeline: 2})
	t.Logf("%d transactions acknowledged before; %v from kill to the next primary", acked, time.Since(began))
	if got := next.psql("SELECT kv_put('after','1')", "SELECT kv_get('first')"); got[len(got)-1:] != "1" {
		t.Errorf("the new primary says %q", got)
	}
	have, err := strconv.Atoi(next.psql("SELECT kv_count()"))
	must(t, err)
	// first and after are not pgbench's; a transaction that was not acknowledged may be there as well.
	if have-2 < acked {
		t.Errorf("%d transactions were acknowledged, the new primary has %d", acked, have-2)
	}

	a.start()
	a.await("waiting", hasRole(control.RoleWaiting))
	if s := a.do(control.FollowRequest{Upstream: next.upstream(), Timeline: 2}); s.Role == control.RoleDiverged {
		t.Logf("the old primary diverged at %s and is cloned anew", s.ForkLSN)
		a.do(control.FollowRequest{Upstream: next.upstream(), Timeline: 2, Reclone: true})
	}
	a.await("streaming", streaming)
	want := next.psql("SELECT kv_count()")
	pages := map[string][]identical.Row{next.name: identical.Lines(next.psql(identical.Query))}
	for _, p := range []*process{a, other} {
		p.await("caught up", func(s control.Status) bool {
			return s.ReplayLSN >= next.await("primary", hasRole(control.RolePrimary)).FlushLSN
		})
		if got := p.psql("SELECT kv_count()"); got != want {
			t.Errorf("%s has %s keys, the primary %s", p.name, got, want)
		}
		pages[p.name] = identical.Lines(p.psql(identical.Query))
	}
	if n, err := identical.Compare(pages); err != nil || n == 0 {
		t.Errorf("%d pages compared: %v", n, err)
	}
	for _, p := range []*process{a, other, next} {
		if code := p.kill(syscall.SIGTERM); code != 0 {
			t.Errorf("%s ended with %d at SIGTERM", p.name, code)
		}
	}
}

// writeScript is a pgbench script in which each transaction puts a key of its own.
func writeScript(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "put.sql")
	must(t, os.WriteFile(name, []byte("\\set k random(1, 1000000000000)\nSELECT kv_put('k:' || :client_id || ':' || :k, 'v');\n"), 0o600))
	return name
}

// linesIn counts the lines of pgbench's transaction logs: one for each acknowledged transaction.
func linesIn(t *testing.T, prefix string) int {
	t.Helper()
	files, err := filepath.Glob(prefix + ".*")
	must(t, err)
	n := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		must(t, err)
		n += bytes.Count(text, []byte{'\n'})
	}
	return n
}
