package loopback_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/redoubt-wal/redoubt/wal"
)

// The session of the blog post, word for word up to process numbers and LSNs: on every replica.
func TestSignalRmgrAsInTheBlogPost(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	post := archive(t, "testdata/signal_rmgr.txtar")
	primary := newPlain(t, build(t), "signal", "log_destination=stderr", "log_line_prefix=", "log_min_messages=debug1", "wal_keep_size=64MB").run()
	replicas := []*plain{primary.standby("one").run(), primary.standby("two").run()}

	primary.session(post["reload"])
	for _, r := range replicas {
		r.logs(post["reload.log"])
	}
	if d := distance(t, primary.ask("SELECT signal_rmgr(1, 'Please reload.')"), primary.ask("SELECT end_lsn, start_lsn FROM pg_get_wal_records_info('0/100028', pg_current_wal_lsn()) WHERE description LIKE 'signal%' ORDER BY start_lsn DESC LIMIT 1")); d != 0x3472BB8-0x3472B78 {
		t.Errorf("the record has %d bytes, in the post it has 64", d)
	}
	primary.shows()

	primary.session(post["kill"])
	for _, r := range replicas {
		r.logs(post["kill.log"])
		if how := r.end(); how != "signal: killed" {
			t.Errorf("%s ended with %s after signal 9", r.name, how)
		}
		// The record is still there. "Just don't do that".
		r.start()
		if how := r.end(); how != "signal: killed" {
			t.Errorf("started again, %s ended with %s: it replays the record again", r.name, how)
		}
	}
	if got := primary.ask("SELECT 1"); got != "1" {
		t.Errorf("the primary, which replays nothing, answers %q", got)
	}
}

// Signal 2 is a fast stop: sessions end. Signal 15 is a smart one: they may stay until they leave.
func TestSignalRmgrStopsReplicas(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	binary := build(t)
	for _, tc := range []struct {
		signal  int
		request string
		stays   bool // a session may
	}{{2, "received fast shutdown request", false}, {15, "received smart shutdown request", true}} {
		t.Run(fmt.Sprint("signal ", tc.signal), func(t *testing.T) {
			primary := newPlain(t, binary, "signal", "log_destination=stderr", "log_line_prefix=", "smart_shutdown_timeout=10min").run()
			replica := primary.standby("replica").run()
			dsn := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", replica.port)
			session, err := pgx.Connect(t.Context(), dsn)
			must(t, err)
			defer session.Close(t.Context())
			primary.ask(fmt.Sprintf("SELECT signal_rmgr(%d, 'Go.')", tc.signal))
			replica.logs(fmt.Sprintf(`LOG:  signal_rmgr_redo: signal %d, reason Go.
CONTEXT:  WAL redo at 0/0 for signal_rmgr/XLOG_SIGNAL_RMGR: signal %[1]d; reason Go. (4 bytes)
LOG:  sent signal %[1]d (Go.) to postmaster (1)
CONTEXT:  WAL redo at 0/0 for signal_rmgr/XLOG_SIGNAL_RMGR: signal %[1]d; reason Go. (4 bytes)
LOG:  %s
`, tc.signal, tc.request))
			if tc.stays {
				var recovering bool
				must(t, session.QueryRow(t.Context(), "SELECT pg_is_in_recovery()").Scan(&recovering))
				if _, err := pgx.Connect(t.Context(), dsn); err == nil {
					t.Error("another client was let in")
				}
				must(t, session.Close(t.Context()))
			}
			if how := replica.end(); how != "exit 0" {
				t.Errorf("the replica ended with %s", how)
			}
			if err := session.Ping(t.Context()); err == nil {
				t.Error("the session outlives the server")
			}
		})
	}
}

func TestSignalRmgrRefusesOtherSignals(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	p := newPlain(t, build(t), "signal").run()
	before := p.ask("SELECT pg_current_wal_insert_lsn()")
	for _, n := range []string{"0", "3", "-9", "19", "64"} {
		out, err := p.psql("-v", "VERBOSITY=verbose", "-c", "SELECT signal_rmgr("+n+", 'why')")
		if want := "ERROR:  22023: signal " + n + " is not supported\nHINT:  Use 1 (SIGHUP), 2 (SIGINT), 9 (SIGKILL) or 15 (SIGTERM).\n"; err == nil || !strings.Contains(out, want) {
			t.Errorf("signal %s: %v\n%s", n, err, out)
		}
	}
	if after := p.ask("SELECT pg_current_wal_insert_lsn()"); after != before {
		t.Errorf("the log went from %s to %s", before, after)
	}
}

// shows compares what the post says of the tools: pg_walinspect knows custom managers, pg_waldump does
// not, and node waldump does.
func (p *plain) shows() {
	p.t.Helper()
	if got := p.ask("SELECT * FROM pg_get_wal_resource_managers() WHERE NOT rm_builtin"); got != "253|signal_rmgr|f" {
		p.t.Errorf("pg_get_wal_resource_managers() has %s", got)
	}
	segment := p.ask("SELECT pg_walfile_name(pg_current_wal_lsn())")
	const record = " len (rec/tot):     57/    57, tx:          0, lsn: 0/0, prev 0/0, desc: "
	for _, tc := range []struct {
		want    string
		command []string
	}{
		{"rmgr: signal_rmgr" + record + "XLOG_SIGNAL_RMGR signal 1; reason Please reload. (15 bytes)\n", []string{p.binary, "waldump", "-r", "signal_rmgr"}},
		{"rmgr: custom253  " + record + "UNKNOWN (0) rmid: 253\n", []string{tool(p.t, "pg_waldump"), "-r", "custom253"}},
	} {
		args := append(tc.command[1:], "-n", "1", filepath.Join(p.dir, "pg_wal", segment))
		out, err := exec.Command(tc.command[0], args...).CombinedOutput()
		if diff := cmp.Diff(tc.want, anonymous(string(out))); diff != "" || err != nil {
			p.t.Errorf("%v: %v (-want +got)\n%s", tc.command, err, diff)
		}
	}
}

// session types what follows each prompt into psql and compares what it prints.
func (p *plain) session(text string) {
	p.t.Helper()
	for _, part := range strings.Split(text, "=# ")[1:] {
		statement, want, _ := strings.Cut(part, "\n")
		out, err := p.psql("-c", statement)
		if err != nil {
			p.t.Fatalf("%s: %v\n%s", statement, err, out)
		}
		if diff := cmp.Diff(anonymous(want), anonymous(out)); diff != "" {
			p.t.Errorf("%s (-the post +here)\n%s", statement, diff)
		}
	}
}

// logs waits until p's log has these lines, one after the other with nothing in between.
func (p *plain) logs(lines string) {
	p.t.Helper()
	p.awaitLog("\n"+lines, func(log string) bool { return strings.Contains(anonymous(log), anonymous(lines)) })
}

var (
	lsn      = regexp.MustCompile(`\b[0-9A-F]+/[0-9A-F]{2,}\b`)
	pid      = regexp.MustCompile(`postmaster \([0-9]+\)`)
	trailing = regexp.MustCompile(` +\n`)
	rule     = regexp.MustCompile(`\n-+\n`) // as wide as the widest value
)

// anonymous replaces what differs from run to run: LSNs, process numbers, and the white space at line
// ends and empty lines that psql prints and a web page does not.
func anonymous(text string) string {
	text = lsn.ReplaceAllString(text, "0/0")
	text = pid.ReplaceAllString(text, "postmaster (1)")
	text = trailing.ReplaceAllString(text, "\n")
	return strings.TrimRight(rule.ReplaceAllString(text, "\n-\n"), "\n") + "\n"
}

// distance is how far the first LSN of "end|start" lies behind the other; end must be the one that the
// function returned.
func distance(t *testing.T, returned, endAndStart string) wal.LSN {
	t.Helper()
	end, start, _ := strings.Cut(endAndStart, "|")
	if end != returned {
		t.Errorf("signal_rmgr returned %s, its record ends at %s", returned, end)
	}
	to, err := wal.ParseLSN(end)
	must(t, err)
	from, err := wal.ParseLSN(start)
	must(t, err)
	return to - from
}

// archive reads a file of files.
func archive(t *testing.T, name string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(name)
	must(t, err)
	files := map[string]string{}
	for _, f := range a.Files {
		files[f.Name] = string(f.Data)
	}
	return files
}
