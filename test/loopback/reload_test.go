package loopback_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// setConninfo gives the standby's settings file another primary_conninfo.
func (p *plain) setConninfo(value string) {
	p.t.Helper()
	name := filepath.Join(p.dir, "redoubt.conf")
	text, err := os.ReadFile(name)
	must(p.t, err)
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "primary_conninfo") {
			lines[i] = "primary_conninfo = '" + value + "'"
		}
	}
	must(p.t, os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o600))
}

// awaitAnswer asks until the answer is the one that is wanted.
func (p *plain) awaitAnswer(statement, want string) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got := p.ask(statement)
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: %s: got %q, want %q", p.name, statement, got, want)
		}
	}
}

// A reload brings every part of primary_conninfo into force, and one that is wrong changes nothing.
func TestReloadOfPrimaryConninfo(t *testing.T) {
	primary := newPlain(t, build(t), "kv").run()
	standby := primary.standby("one").run()
	const who = "SELECT application_name FROM pg_stat_replication"
	primary.awaitAnswer(who, "one")
	conninfo := strings.TrimSuffix(standby.ask("SHOW primary_conninfo"), "one")

	standby.setConninfo(conninfo + "two")
	standby.tool("reload")
	primary.awaitAnswer(who, "two")

	standby.setConninfo("host")
	if out, err := exec.Command(standby.binary, "reload", "-D", standby.dir).CombinedOutput(); err == nil || !strings.Contains(string(out), "primary_conninfo") {
		t.Errorf("reload of a conninfo that cannot be read: %s, %v", out, err)
	}
	if got := standby.ask("SHOW primary_conninfo"); got != conninfo+"two" {
		t.Errorf("it is in force all the same: %q", got)
	}
	if got := primary.ask(who); got != "two" {
		t.Errorf("the standby has left: %q", got)
	}

	standby.setConninfo(conninfo + "three")
	standby.tool("reload")
	primary.awaitAnswer(who, "three")
}

// A standby whose upstream has thrown away what it needs goes on from another that has kept it.
func TestReloadAfterTheUpstreamHasRemovedTheLog(t *testing.T) {
	primary := newPlain(t, build(t), "kv", "max_wal_size=2MB", "min_wal_size=2MB").run()
	keeper, late := primary.standby("keeper", "wal_keep_size=1GB").run(), primary.standby("late").run()
	late.stop()
	for i := range 6 {
		primary.ask(fmt.Sprintf("SELECT kv_put('k%d', repeat('v', 100))", i))
		primary.ask("SELECT pg_switch_wal()")
	}
	primary.ask("CHECKPOINT")
	keeper.awaitReplayOf(primary)
	late.start()
	late.awaitLog("the removal", func(log string) bool { return strings.Contains(log, "no longer has the log") })
	late.setConninfo(fmt.Sprintf("host=127.0.0.1 port=%d application_name=late", keeper.port))
	late.tool("reload")
	keeper.awaitAnswer("SELECT application_name FROM pg_stat_replication", "late")
	identicalPages(t, primary, keeper, late)
}
