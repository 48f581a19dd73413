package loopback_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/test/identical"
)

// wal_consistency_checking by name: records of that manager alone carry pages to compare with. all:
// every manager's do. A standby that replays them finds no difference.
func TestConsistencyCheckingMarksWhatItNames(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for value, marked := range map[string]map[string]bool{
		"kv":     {"kv": true, "ledger": false},
		"LEDGER": {"kv": false, "ledger": true},
		"all":    {"kv": true, "ledger": true},
		"":       {"kv": false, "ledger": false},
	} {
		t.Run("value "+value, func(t *testing.T) {
			primary := newPlain(t, build(t), "kv,ledger", "wal_consistency_checking="+value).run()
			standby := primary.standby("standby").run()
			load := []string{"-c", "SELECT ledger_open('a', 1000)", "-c", "SELECT ledger_open('b', 0)"}
			for i := range 21 {
				load = append(load, "-c", fmt.Sprintf("SELECT kv_put('k', '%d')", i), "-c", "SELECT ledger_transfer('a', 'b', 1)")
			}
			if out, err := primary.psql(load...); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			identicalPages(t, primary, standby)
			segment := filepath.Join(primary.dir, "pg_wal", primary.ask("SELECT pg_walfile_name(pg_current_wal_lsn())"))
			for rmgr, want := range marked {
				got := verified(t, exec.Command(primary.binary, "waldump", "-b", "-r", rmgr, segment))
				if want != (got >= 20) || !want && got > 0 {
					t.Errorf("%d pages of %s are there to be compared with, wanted: %t", got, rmgr, want)
				}
				id := map[string]string{"kv": "custom251", "ledger": "custom252"}[rmgr]
				if theirs := verified(t, exec.Command(tool(t, "pg_waldump"), "-b", "-r", id, segment)); theirs != got {
					t.Errorf("pg_waldump sees %d pages of %s, node waldump %d", theirs, rmgr, got)
				}
			}
			if s := standby.awaitStatus("streaming", func(s control.Status) bool { return s.Streaming }); s.ReplayPaused != nil {
				t.Errorf("replay is paused: %+v", s.ReplayPaused)
			}
		})
	}
}

// verified counts the page images that are in the log only to be compared with. The end of the log is
// an error for both programs.
func verified(t *testing.T, dump *exec.Cmd) int {
	t.Helper()
	out, err := dump.Output()
	if exit, ok := err.(*exec.ExitError); err != nil && (!ok || !strings.Contains(string(exit.Stderr), "invalid record length")) {
		t.Fatalf("%v: %v", dump.Args, err)
	}
	return strings.Count(string(out), "(FPW for WAL verification)")
}

// A standby whose kv replays UPDATE in another way: it stops there and says which byte of which page.
func TestConsistencyCheckingStopsAtAPageThatDiffers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for _, value := range []string{"kv", "all"} {
		t.Run(value, func(t *testing.T) {
			primary := newPlain(t, build(t), "kv", "wal_consistency_checking="+value).run()
			primary.ask("SELECT kv_put('k', '1')")
			standby := primary.standby("standby").impostor("replays something else").run()
			primary.ask("SELECT kv_put('k2', '1')")
			standby.awaitReplayOf(primary)
			at := primary.writes("SELECT kv_put('k2', '2')")
			standby.expectPause(at, "inconsistent page found, rel 1663/5/125100, forknum 0, blkno 1: differs from byte 8191 on ", "kv/UPDATE: key \"k2\"")
			primary.kill()
			primary.impostor("replays something else").expectNoStart("inconsistent page found, rel 1663/5/125100, forknum 0, blkno 1: differs from byte 8191 on ", "kv/UPDATE: key \"k2\"")
		})
	}
}

// Without the checks such a standby goes on, and the comparison at the end of each test finds it.
func TestPageDigestsFindAReplicaThatDiffers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	primary := newPlain(t, build(t), "kv").run()
	primary.ask("SELECT kv_put('k', '1')")
	standby := primary.standby("standby").impostor("replays something else").run()
	identicalPages(t, primary, standby)
	primary.ask("SELECT kv_put('k', '2')")
	standby.awaitReplayOf(primary)
	_, err := identical.Compare(map[string][]identical.Row{
		"primary": identical.Lines(primary.ask(identical.Query)), "standby": identical.Lines(standby.ask(identical.Query)),
	})
	if err == nil || !strings.HasPrefix(err.Error(), "pages differ: ") {
		t.Errorf("got %v", err)
	}
}
