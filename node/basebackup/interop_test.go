package basebackup_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func TestPsqlOverAReplicationConnection(t *testing.T) {
	m := newPrimary(t)
	for _, row := range []struct{ query, want string }{
		{"SHOW wal_segment_size", "1MB"},
		{"READ_REPLICATION_SLOT nothing", "||"},
		{"CREATE_REPLICATION_SLOT s PHYSICAL", "s|0/0||"},
		{"READ_REPLICATION_SLOT s", "physical||"},
		{"DROP_REPLICATION_SLOT s", ""},
	} {
		if got := run(t, "psql", "-XAtq", "-d", m.conninfo("replication=1"), "-c", row.query); got != row.want {
			t.Errorf("%s printed %q, want %q", row.query, got, row.want)
		}
	}
	got := run(t, "psql", "-XAtq", "-d", m.conninfo("replication=1"), "-c", "IDENTIFY_SYSTEM")
	if want := "7710516732398617829|1|" + m.Log().FlushedLSN().String() + "|"; got != want {
		t.Errorf("IDENTIFY_SYSTEM printed %q, want %q", got, want)
	}
	for query, want := range map[string]string{
		"CREATE_REPLICATION_SLOT s LOGICAL p":                     "logical decoding requires a database connection\nHINT:  Connect with replication=database.",
		"START_REPLICATION 0/1 TIMELINE 7":                        "requested timeline 7 is not in this server's history",
		"DROP_REPLICATION_SLOT s":                                 `replication slot "s" does not exist`,
		"START_REPLICATION":                                       "syntax error at end of input",
		"BASE_BACKUP (LABEL 'a', LABEL 'b')":                      `duplicate option "label"`,
		"BASE_BACKUP (LABEL '" + strings.Repeat("x", 1025) + "')": "backup label too long (max 1024 bytes)",
		"BASE_BACKUP (LABEL)":                                     "label requires a parameter",
		"BASE_BACKUP (MAX_RATE)":                                  "max_rate requires a parameter",
		"BASE_BACKUP (MAX_RATE x)":                                "max_rate requires a numeric value",
		"BASE_BACKUP (TARGET_DETAIL 'x')":                         "target detail cannot be used without target",
		"BASE_BACKUP (COLOUR 'blue')":                             `unrecognized base backup option: "colour"`,
		"BASE_BACKUP (MAX_RATE 1)":                                `1 is outside the valid range for parameter "MAX_RATE" (32 .. 1048576)`,
		"BASE_BACKUP (MANIFEST_CHECKSUMS 'md5')":                  `unrecognized checksum algorithm: "md5"`,
	} {
		cmd := command(t, "psql", "-XAtq", "-d", m.conninfo("replication=1"), "-c", query)
		if out, err := cmd.CombinedOutput(); err == nil || strings.TrimSpace(string(out)) != "ERROR:  "+want {
			t.Errorf("%s: %v, printed %q, want %q", query, err, out, want)
		}
	}
}

// sameSegments compares the whole segments in a directory with the server's.
func sameSegments(t *testing.T, m *machine, dir string) (segments int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, _, ok := wal.ParseSegmentName(e.Name(), mib); !ok {
			continue
		}
		got, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		want, err := vfs.ReadFile(m.fs, m.dir+"/pg_wal/"+e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("segment %s differs", e.Name())
		}
		segments++
	}
	return segments
}

func TestPgReceivewal(t *testing.T) {
	m := newPrimary(t)
	m.fill(0, 200)
	out := t.TempDir()
	run(t, "pg_receivewal", "-d", m.conninfo(""), "--slot=s1", "--create-slot")
	run(t, "pg_receivewal", "-d", m.conninfo(""), "--slot=s1", "--create-slot", "--if-not-exists")

	receive := func() {
		m.fill(0, 4000)
		end := m.Log().FlushedLSN()
		m.fill(0, 1) // endpos must lie before the end
		got := run(t, "pg_receivewal", "-d", m.conninfo(""), "-D", out, "--slot=s1", "--synchronous", "--no-loop", "--endpos="+end.String(), "-v")
		if !strings.Contains(got, "stopped log streaming at") {
			t.Errorf("pg_receivewal printed:\n%s", got)
		}
	}
	receive() // from the segment in which the log ended then
	receive() // goes on from there
	first := sameSegments(t, m, out)
	receive()
	if again := sameSegments(t, m, out); first == 0 || again <= first {
		t.Errorf("received %d segments, then %d", first, again)
	}
	if slot, _ := m.slots.Get("s1"); slot.RestartLSN == 0 || slot.ActivePID != 0 {
		t.Errorf("slot: %+v", slot)
	}
	run(t, "pg_receivewal", "-d", m.conninfo(""), "--slot=s1", "--drop-slot")
	if len(m.slots.List()) != 0 {
		t.Error("the slot is still there")
	}
}

func TestPgReceivewalGetsTheWholeLogOfADrainedServer(t *testing.T) {
	m := newPrimary(t)
	m.fill(0, 100)
	out := t.TempDir()
	cmd := command(t, "pg_receivewal", "-d", m.conninfo(""), "-D", out, "--synchronous", "--no-loop", "-v")
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for len(m.repl.Replicas()) == 0 || m.repl.Replicas()[0].State != "streaming" {
		m.fill(0, 1)
	}
	m.fill(0, 1000)
	if err := m.Demote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.repl.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if !strings.Contains(printed.String(), "replication stream was terminated before stop point") {
		t.Errorf("pg_receivewal printed:\n%s", &printed)
	}
	end := m.Log().FlushedLSN()
	name := wal.SegmentName(1, end-1, mib)
	got, err := os.ReadFile(filepath.Join(out, name+".partial"))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := vfs.ReadFile(m.fs, m.dir+"/pg_wal/"+name)
	if upTo := end % mib; !bytes.Equal(got[:upTo], want[:upTo]) {
		t.Error("the last segment differs")
	}
}

// A standby is promoted while pg_receivewal streams from it.
func TestPgReceivewalFollowsATimelineSwitch(t *testing.T) {
	p := newPrimary(t)
	p.fill(0, 100)
	dir, out := newDir(t), t.TempDir()
	if _, err := fetch(t, p, vfs.OS(), dir, nil); err != nil {
		t.Fatal(err)
	}
	s := start(t, vfs.OS(), dir)
	r := s.follow(p, nil)
	p.fill(0, 3000)
	s.await(p.Log().FlushedLSN())

	cmd := command(t, "pg_receivewal", "-d", s.conninfo(""), "-D", out, "--synchronous", "--no-loop", "-v")
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for len(s.repl.Replicas()) == 0 || s.repl.Replicas()[0].State != "streaming" {
		p.fill(0, 1)
	}
	s.await(p.Log().FlushedLSN())
	r.Stop()
	s.promote(2)
	s.fill(0, 3000)
	if err := s.Demote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.repl.Drain(t.Context()); err != nil {
		t.Fatalf("%v; pg_receivewal printed:\n%s", err, &printed)
	}
	cmd.Wait()
	if sameSegments(t, s, out) == 0 {
		t.Errorf("no whole segment; pg_receivewal printed:\n%s", &printed)
	}
	history, err := os.ReadFile(filepath.Join(out, "00000002.history"))
	ours, _ := s.Log().ReadHistory(2)
	if err != nil || !bytes.Equal(history, ours) {
		t.Errorf("history %q, %v, want %q", history, err, ours)
	}
	fork := s.History()[0].End
	for _, tli := range []wal.TimelineID{1, 2} { // the log up to the fork is in both timelines' files
		name := filepath.Join(out, wal.SegmentName(tli, fork, mib))
		got, err := os.ReadFile(name)
		if err != nil {
			if got, err = os.ReadFile(name + ".partial"); err != nil {
				t.Fatal(err)
			}
		}
		want, _ := vfs.ReadFile(s.fs, s.dir+"/pg_wal/"+wal.SegmentName(2, fork, mib))
		if !bytes.Equal(got[:fork%mib], want[:fork%mib]) {
			t.Errorf("%s differs before the fork", filepath.Base(name))
		}
	}
}

func TestPgBasebackup(t *testing.T) {
	m := newPrimary(t)
	m.fill(0, 3000)
	for _, row := range []struct {
		sentence string
		args     []string
		tar      bool
	}{
		{"log streamed beside it", []string{"-X", "stream"}, false},
		{"log at the end", []string{"-X", "fetch", "--manifest-checksums=SHA256"}, false},
		{"no checksums", []string{"-X", "fetch", "--manifest-checksums=NONE"}, false},
		{"slowly, with encoded names", []string{"-X", "fetch", "-r", "32M", "--manifest-force-encode"}, false},
		{"compressed by the server", []string{"-X", "fetch", "--compress=server-gzip:5"}, false},
		{"as tar", []string{"-X", "fetch", "-F", "tar"}, true},
		{"as compressed tar", []string{"-X", "stream", "-F", "tar", "--compress=server-gzip:5"}, true},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			run(t, "pg_basebackup", append([]string{"-d", m.conninfo(""), "-D", dir, "-c", "fast", "-P", "-v"}, row.args...)...)
			if row.tar {
				dir = unpack(t, dir)
			}
			run(t, "pg_verifybackup", dir)
			c := start(t, vfs.OS(), dir)
			c.promote(2)
			if got, want := c.count(), m.count(); got != want {
				t.Errorf("the copy has %v keys, want %v", got, want)
			}
		})
	}
	if slots := m.slots.List(); len(slots) != 0 {
		t.Errorf("slots are left: %+v", slots)
	}
}

// A log on another disk is often reached through a link, as pg_basebackup --waldir makes it.
func TestANodeWhoseLogIsElsewhereCanBeCopied(t *testing.T) {
	m := newPrimary(t)
	m.fill(0, 100)
	dir, elsewhere := filepath.Join(t.TempDir(), "copy"), filepath.Join(t.TempDir(), "wal")
	run(t, "pg_basebackup", "-d", m.conninfo(""), "-D", dir, "-c", "fast", "--waldir="+elsewhere)
	linked := filepath.Join(dir, "settings")
	if err := os.WriteFile(filepath.Join(elsewhere, "settings"), []byte("a line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(elsewhere, "settings"), linked); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "no file"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, vfs.OS(), dir)
	c.promote(2)
	again := filepath.Join(t.TempDir(), "copy")
	run(t, "pg_basebackup", "-d", c.conninfo(""), "-D", again, "-c", "fast")
	run(t, "pg_verifybackup", again)
	if got, err := os.ReadFile(filepath.Join(again, "settings")); err != nil || string(got) != "a line\n" {
		t.Errorf("a file behind a link came as %q, %v", got, err)
	}
	a := start(t, vfs.OS(), again)
	a.promote(3)
	if got := a.count(); got != m.count() {
		t.Errorf("the copy's copy has %v keys", got)
	}
}

// unpack makes a directory of a backup in tar format.
func unpack(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	tarball := filepath.Join(from, "base.tar")
	if _, err := os.Stat(tarball); err != nil {
		tarball += ".gz"
	}
	extract(t, tarball, to)
	if _, err := os.Stat(filepath.Join(from, "pg_wal.tar")); err == nil {
		extract(t, filepath.Join(from, "pg_wal.tar"), filepath.Join(to, "pg_wal"))
	}
	if _, err := os.Stat(filepath.Join(from, "pg_wal.tar.gz")); err == nil {
		extract(t, filepath.Join(from, "pg_wal.tar.gz"), filepath.Join(to, "pg_wal"))
	}
	raw, err := os.ReadFile(filepath.Join(from, "backup_manifest"))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, "backup_manifest"), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// A backup without its log is a standby's beginning on any timeline: the upstream has the log, and the
// backup says where it comes from.
func TestPgBasebackupWithoutLogOnALaterTimeline(t *testing.T) {
	first := newPrimary(t)
	first.fill(0, 1000)
	at := newDir(t)
	if _, err := fetch(t, first, vfs.OS(), at, nil); err != nil {
		t.Fatal(err)
	}
	p := start(t, vfs.OS(), at)
	p.promote(2)
	p.fill(1000, 2000)

	dir := filepath.Join(t.TempDir(), "copy")
	run(t, "pg_basebackup", "-d", p.conninfo(""), "-D", dir, "-c", "fast", "-X", "none")
	run(t, "pg_verifybackup", "--no-parse-wal", dir)
	s := start(t, vfs.OS(), dir)
	s.follow(p, nil)
	p.fill(2000, 3000)
	s.await(p.Log().FlushedLSN())
	if got, want := s.count(), p.count(); got != want {
		t.Errorf("the standby has %v keys, want %v", got, want)
	}
}
