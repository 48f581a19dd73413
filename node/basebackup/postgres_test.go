package basebackup_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/basebackup"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A postgres is a real PostgreSQL 15 with log segments of 1 MiB.
type postgres struct {
	t    *testing.T
	dir  string
	addr string
}

// startPostgres makes a cluster and runs it until the test ends.
func startPostgres(t *testing.T) *postgres {
	t.Helper()
	root, err := os.MkdirTemp("", "postgres") // t.TempDir's parents are closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	p := &postgres{t: t, dir: filepath.Join(root, "data")}
	p.giveAway(root)
	p.as("initdb", "-D", p.dir, "-U", "redoubt", "-A", "trust", "--wal-segsize=1", "-N")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = listener.Addr().String()
	_, port, _ := net.SplitHostPort(p.addr)
	listener.Close()
	log := filepath.Join(root, "log")
	p.as("pg_ctl", "-D", p.dir, "-w", "-l", log, "-o", fmt.Sprintf("-p %s -c listen_addresses=127.0.0.1 -c unix_socket_directories=%s -c fsync=off", port, root), "start")
	t.Cleanup(func() { p.as("pg_ctl", "-D", p.dir, "-m", "immediate", "stop") })
	return p
}

// as runs a program as a user that PostgreSQL's servers accept: not root.
func (p *postgres) as(name string, args ...string) {
	p.t.Helper()
	cmd := exec.Command(filepath.Join(binaries, name), args...)
	if _, err := os.Stat(cmd.Path); err != nil {
		p.t.Fatalf("%s is not there: install Debian's package postgresql-15", cmd.Path)
	}
	cmd.Env, cmd.Dir = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}, "/"
	if uid, gid, ok := other(p.t); ok {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func (p *postgres) giveAway(dir string) {
	if uid, gid, ok := other(p.t); ok {
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			p.t.Fatal(err)
		}
	}
}

// other is a user to run servers as, if this is root.
func other(t *testing.T) (uid, gid uint32, ok bool) {
	t.Helper()
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("tests that run as root need the user postgres, which Debian's package postgresql-15 makes: %v", err)
	}
	id, _ := strconv.Atoi(u.Uid)
	group, _ := strconv.Atoi(u.Gid)
	return uint32(id), uint32(group), true
}

func (p *postgres) sql(query string) string {
	p.t.Helper()
	host, port, _ := net.SplitHostPort(p.addr)
	return run(p.t, "psql", "-XAtq", "-h", host, "-p", port, "-U", "redoubt", "-d", "postgres", "-c", query)
}

func (p *postgres) upstream() replication.Upstream {
	u := (&machine{addr: p.addr}).upstream()
	u.ApplicationName = "redoubt"
	return u
}

// A raw log receives without an engine.
type raw struct{ *segment.Log }

func (r raw) History() wal.History                { return wal.NewHistory(1) }
func (r raw) End() wal.LSN                        { return r.InsertLSN() }
func (r raw) Flushed() wal.LSN                    { return r.FlushedLSN() }
func (r raw) Applied() wal.LSN                    { return r.FlushedLSN() }
func (r raw) AppliedChanged() <-chan struct{}     { return r.Changed() }
func (r raw) Begin(wal.LSN, wal.TimelineID) error { return nil }
func (r raw) Follow(tli wal.TimelineID, _ []byte) error {
	return fmt.Errorf("unexpected timeline %d", tli)
}

func TestReceivingFromPostgres(t *testing.T) {
	p := startPostgres(t)
	p.sql("ALTER SYSTEM SET synchronous_standby_names = 'redoubt'")
	start, err := wal.ParseLSN(p.sql("SET synchronous_commit = local; SELECT pg_switch_wal()"))
	if err != nil {
		t.Fatal(err)
	}
	start = wal.SegmentStart(wal.SegmentNumber(start, mib)+1, mib)
	log, err := segment.Open(segment.Options{FS: vfs.NewMem(), Dir: "pg_wal", SegmentSize: mib})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := log.StartReceive(start, 1); err != nil {
		t.Fatal(err)
	}
	r := replication.StartReceiver(replication.ReceiverOptions{Upstream: p.upstream(), Slot: "s", Log: raw{log}, Now: time.Now})
	defer r.Stop()

	// Commits wait for us: PostgreSQL itself says that our answers are right.
	p.sql("SET synchronous_commit = local; SELECT pg_reload_conf()")
	p.sql("CREATE TABLE t AS SELECT generate_series(1, 50000) AS i")
	p.sql("SET synchronous_commit = remote_apply; INSERT INTO t SELECT generate_series(1, 50000)")
	if got := p.sql("SELECT application_name, state, sync_state FROM pg_stat_replication"); got != "redoubt|streaming|sync" {
		t.Errorf("PostgreSQL shows %q", got)
	}
	end := log.FlushedLSN()
	whole := 0
	for at := start; at+mib <= end; at += mib {
		want, err := os.ReadFile(filepath.Join(p.dir, "pg_wal", wal.SegmentName(1, at, mib)))
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, mib)
		if n, err := log.ReadAt(got, at, 1); n != mib {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("segment at %s differs", at)
		}
		whole++
	}
	if whole < 5 {
		t.Errorf("received up to %s only", end)
	}
	if restart := p.sql("SELECT restart_lsn FROM pg_replication_slots WHERE slot_name = 's'"); restart == "" {
		t.Error("the slot did not advance")
	}
}

func TestFetchFromPostgres(t *testing.T) {
	p := startPostgres(t)
	p.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS i")
	dir := newDir(t)
	r, err := basebackup.Fetch(t.Context(), basebackup.FetchOptions{Upstream: p.upstream(), FS: vfs.OS(), Dir: dir, Slot: "s", Label: "it's"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Timeline != 1 || r.Stop <= r.Start {
		t.Errorf("result: %+v", r)
	}
	run(t, "pg_verifybackup", dir)
	if got := p.sql("SELECT slot_name, temporary FROM pg_replication_slots"); got != "s|f" {
		t.Errorf("slots: %s", got)
	}
	label, err := os.ReadFile(filepath.Join(dir, "backup_label"))
	if err != nil || !strings.Contains(string(label), "LABEL: it's\n") {
		t.Errorf("label: %q, %v", label, err)
	}
}

// A slot's file is PostgreSQL's: its bytes are read by OpenSlots.
func TestPostgresSlotFiles(t *testing.T) {
	p := startPostgres(t)
	p.sql("SELECT pg_create_physical_replication_slot('s', true)")
	raw, err := os.ReadFile(filepath.Join(p.dir, "pg_replslot", "s", "state"))
	if err != nil {
		t.Fatal(err)
	}
	fsys := vfs.NewMem()
	if err := fsys.MkdirAll("pg_replslot/s", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := vfs.WriteFile(fsys, "pg_replslot/s/state", raw, 0o600); err != nil {
		t.Fatal(err)
	}
	slots, err := replslot.Open(replslot.Options{FS: fsys, Dir: "pg_replslot"})
	if err != nil {
		t.Fatalf("%v; the file is %x", err, raw)
	}
	slot, _ := slots.Get("s")
	if want := p.sql("SELECT restart_lsn FROM pg_replication_slots"); slot.RestartLSN.String() != want {
		t.Errorf("slot %+v, want restart_lsn %s", slot, want)
	}
}
