package loopback_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/wal"
)

// A record that cannot be replayed: a standby pauses before it and goes on receiving, a primary in
// crash recovery does not start. Both say which record it is and leave the log as it is.
func TestRecordsThatCannotBeReplayed(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	binary := build(t)
	for _, tc := range []struct {
		name  string
		write string // what writes the record, on a primary that lets everything pass
		why   string
		what  string // the record, as PostgreSQL's error context has it
	}{
		{"too short", `SELECT kv_raw(16, '\x0200')`, "kv: malformed record: 2 bytes of INSERT", "kv/INSERT: "},
		{"too long", `SELECT kv_raw(48, '\x02` + strings.Repeat("00", 9000) + `')`, "kv: malformed record: 9001 bytes of DELETE", "kv/DELETE: malformed (9001 bytes)"},
		{"empty of what it needs", `SELECT kv_raw(64, '\x02')`, "kv: malformed record: 1 bytes of SPLIT", "kv/SPLIT: malformed (1 bytes)"},
		{"an unknown operation", `SELECT kv_raw(240, '\x0200')`, "kv has no operation F0 in format 2", "kv/UNKNOWN (F0): "},
		{"a format that nobody knows", `SELECT kv_raw(16, '\x0900')`, "kv: record in format 9: version 1.3.0 replays formats 1–2", "kv/INSERT: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			primary := newPlain(t, binary, "kv").impostor("anything goes").run()
			standby := primary.standby("standby").impostor("").run()
			standby.expectPause(primary.writes(tc.write), tc.why, tc.what)

			more := primary.ask("SELECT kv_raw(16, '\\x0200')")
			standby.awaitStatus("receiving", func(s control.Status) bool { return s.FlushLSN.String() >= more && s.Streaming })
			sameLog(t, primary, standby, more)

			primary.kill()
			primary.impostor("").expectNoStart(tc.why, tc.what)
		})
	}
}

// A record of a relation that is not there, as after somebody removed a file.
func TestARecordOfARelationThatIsNotThere(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	primary := newPlain(t, build(t), "kv", "full_page_writes=off").run()
	primary.ask("SELECT kv_put('a', '1')")
	standby := primary.standby("standby").run()
	standby.stop()
	const why, what = "relation 1663/5/125100, fork main has no block ", "kv/UPDATE: "
	must(t, os.Remove(filepath.Join(standby.dir, "base/5/125100")))
	standby.start()
	standby.expectPause(primary.writes("SELECT kv_put('a', '2')"), why, what)
	primary.kill()
	must(t, os.Remove(filepath.Join(primary.dir, "base/5/125100")))
	primary.expectNoStart(why, what)
}

// A module with a bug: its panic is an error like another, and names it.
func TestAModuleWhoseRedoPanics(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	primary := newPlain(t, build(t), "kv").run()
	standby := primary.standby("standby").impostor("panics").run()
	const why, what = "redo of kv/INIT panicked on the record at ", "kv/INIT: "
	standby.expectPause(primary.writes("SELECT kv_put('key', 'value')"), why, what)
	primary.kill()
	primary.impostor("panics").expectNoStart(why, what)
	// With the mended module both go on.
	primary.impostor("").run()
	standby.kill()
	standby.impostor("").run().awaitReplayOf(primary)
	if got := standby.ask("SELECT kv_get('key')"); got != "value" {
		t.Errorf("the standby answers %q", got)
	}
	identicalPages(t, primary, standby)
}

// Two modules that cannot be told apart: the node does not start, and touches nothing.
func TestTwoModulesWithOneIDOrName(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	p := newPlain(t, build(t), "kv,orders")
	p.tool("census")
	before := everything(t, p.dir)
	for who, want := range map[string]string{
		"two with one ID": "node: preload_modules: failed to register custom resource manager \"orders\" with ID 251\n" +
			"  detail: Custom resource manager \"kv\" already registered with the same ID.",
		"two with one name": "node: preload_modules: failed to register custom resource manager \"KV\" with ID 200\n" +
			"  detail: Existing resource manager with ID 251 has the same name.",
	} {
		p.impostor(who).start()
		if how := p.end(); how != "exit 1" {
			t.Errorf("%s: the node ended with %s", who, how)
		}
		if !strings.Contains(p.log(), want) {
			t.Errorf("%s: no %q in\n%s", who, want, p.log())
		}
	}
	after := everything(t, p.dir)
	for name := range after {
		if !bytes.Equal(before[name], after[name]) {
			t.Errorf("%s has changed", name)
		}
	}
	if len(before) != len(after) {
		t.Errorf("there were %d files, now there are %d", len(before), len(after))
	}
}

// impostor makes p run as one of impostors from its next start on, or, with "", as the real node.
func (p *plain) impostor(name string) *plain {
	p.as = name
	return p
}

// expectPause waits until replay pauses before the record at lsn, for this reason.
func (p *plain) expectPause(lsn, why, what string) {
	p.t.Helper()
	s := p.awaitStatus("paused", func(s control.Status) bool { return s.ReplayPaused != nil })
	pause := s.ReplayPaused
	context := fmt.Sprintf("(WAL redo at %s for %s", lsn, what)
	if s.Role != control.RoleStandby || pause.LSN.String() != lsn || pause.Reason != "RedoFailed" || !strings.HasPrefix(pause.Detail, why) || !strings.Contains(pause.Detail, context) {
		p.t.Errorf("%s: %s, paused %+v\nwant at %s: %s … %s", p.name, s.Role, pause, lsn, why, context)
	}
}

// writes runs a statement on a primary and returns where the first record of it begins.
func (p *plain) writes(statement string) string {
	p.t.Helper()
	from := p.ask("SELECT pg_current_wal_insert_lsn()")
	p.ask(statement)
	return p.ask("SELECT start_lsn FROM pg_get_wal_record_info('" + from + "')")
}

// expectNoStart starts p, which has to refuse because of a record and to leave the log as it is.
func (p *plain) expectNoStart(why, what string) {
	p.t.Helper()
	before := segments(p.t, p.dir)
	p.start()
	defer func() {
		after := segments(p.t, p.dir)
		for name, want := range before {
			if !bytes.Equal(after[name], want) {
				p.t.Errorf("%s has changed", name)
			}
		}
	}()
	if how := p.end(); how != "exit 1" {
		p.t.Errorf("%s ended with %s", p.name, how)
	}
	var last string
	for line := range strings.Lines(p.log()) {
		if strings.HasPrefix(line, "node: ") {
			last = line
		}
	}
	if !strings.Contains(last, why) || !regexp.MustCompile(`WAL redo at [0-9A-F]+/[0-9A-F]+ for `+regexp.QuoteMeta(what)).MatchString(last) {
		p.t.Errorf("the node says %q\nwant %q and the record %q", last, why, what)
	}
}

// awaitStatus waits until the node says of itself what is wanted.
func (p *plain) awaitStatus(what string, wanted func(control.Status) bool) control.Status {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var s control.Status
		must(p.t, json.Unmarshal([]byte(p.tool("status")), &s))
		if wanted(s) {
			return s
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s is not %s: %+v", p.name, what, s)
		}
	}
}

// sameLog compares the segments that both have, up to end.
func sameLog(t *testing.T, a, b *plain, end string) {
	t.Helper()
	whole, err := wal.ParseLSN(end)
	must(t, err)
	compared := 0
	other := segments(t, b.dir)
	for name, mine := range segments(t, a.dir) {
		_, start, _ := wal.ParseSegmentName(name, 1<<20)
		theirs, ok := other[name]
		if !ok || start >= whole {
			continue
		}
		n := min(int(whole-start), len(mine))
		compared++
		if !bytes.Equal(mine[:n], theirs[:n]) {
			t.Errorf("%s differs between %s and %s", name, a.name, b.name)
		}
	}
	if compared == 0 {
		t.Error("no segment was compared")
	}
}

// segments are the log of a node.
func segments(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, contents := range everything(t, filepath.Join(dir, "pg_wal")) {
		if len(name) == 24 {
			out[name] = contents
		}
	}
	return out
}

// everything below a directory.
func everything(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		out[name], err = os.ReadFile(path)
		return err
	}))
	return out
}
