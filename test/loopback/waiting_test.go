package loopback_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A commit that waits for a standby is acknowledged, with a warning, only to a client that asked for it:
// if the session is ended instead, by an administrator or with the node, the client must not take for
// safe what its next primary may not have.
func TestACommitThatWaitsIsNotAcknowledgedByTheEndOfItsSession(t *testing.T) {
	for _, row := range []struct {
		how          string
		end          func(*plain)
		acknowledged bool
		says         string
	}{
		{"pg_cancel_backend", func(p *plain) {
			for p.ask(waiting("pg_cancel_backend")) != "" { // one that comes before the wait cancels nothing
			}
		}, true, "WARNING:  canceling wait for synchronous replication due to user request\nDETAIL:  The transaction has already committed locally, but might not have been replicated to the standby."},
		{"pg_terminate_backend", func(p *plain) { p.ask(waiting("pg_terminate_backend")) }, false, "canceling the wait for synchronous replication and terminating connection due to administrator command"},
		{"SIGINT", func(p *plain) { must(p.t, p.cmd.Process.Signal(syscall.SIGINT)) }, false, "canceling the wait for synchronous replication and terminating connection due to administrator command"},
	} {
		t.Run(row.how, func(t *testing.T) {
			t.Parallel() // a stop waits ten seconds for statements
			p := newPlain(t, build(t), "kv", "synchronous_standby_names=nobody").run()
			got := make(chan string, 1)
			go func() {
				out, err := p.psql("-A", "-t", "-c", "SELECT 'acknowledged', kv_put('a', '1')")
				got <- fmt.Sprint(out, err)
			}()
			for deadline := time.Now().Add(30 * time.Second); p.ask("SELECT kv_count()") == "0"; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("nothing was put")
				}
			}
			row.end(p)
			out := <-got
			if strings.Contains(out, "acknowledged") != row.acknowledged || !strings.Contains(out, row.says) {
				t.Errorf("psql: %s", out)
			}
		})
	}
}

// A stop that takes its time ends at once at SIGQUIT.
func TestSigquitEndsAFastStop(t *testing.T) {
	t.Parallel()
	p := newPlain(t, build(t), "kv", "synchronous_standby_names=nobody").run()
	go p.psql("-c", "SELECT kv_put('a', '1')") // the stop waits ten seconds for it
	for deadline := time.Now().Add(30 * time.Second); p.ask("SELECT kv_count()") == "0"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was put")
		}
	}
	must(t, p.cmd.Process.Signal(syscall.SIGINT))
	p.awaitLog("the stop", func(log string) bool { return strings.Contains(log, "received fast shutdown request") })
	must(t, p.cmd.Process.Signal(syscall.SIGQUIT))
	if how := p.end(); how != "exit 2" {
		t.Errorf("it ended with %s", how)
	}
}

// waiting calls a function with the number of the session that puts.
func waiting(function string) string {
	return "SELECT " + function + "(pid) FROM pg_stat_activity WHERE query LIKE '%acknowledged%' AND query NOT LIKE '%pg_stat_activity%'"
}
