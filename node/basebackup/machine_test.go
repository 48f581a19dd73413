package basebackup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/basebackup"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/pgwire"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

const (
	mib    = 1 << 20
	system = 7710516732398617829
)

// A machine is an engine with the servers of replication and base backups, behind a port.
type machine struct {
	*engine.Engine
	t     testing.TB
	fs    vfs.FS
	dir   string
	table *rmgr.Table
	slots *replslot.Slots
	sync  *replication.SyncRep
	repl  *replication.Server
	wire  *pgwire.Server
	addr  string
	done  func()
}

func tableOf(t testing.TB) *rmgr.Table {
	t.Helper()
	table := rmgr.NewTable()
	if err := table.Load([]rmgr.Module{kv.Module}, []string{kv.Module.Name}); err != nil {
		t.Fatal(err)
	}
	table.Seal()
	return table
}

// newPrimary is a primary of a new cluster, in a directory of its own.
func newPrimary(t testing.TB, change ...func(*pgwire.Options)) *machine {
	t.Helper()
	dir := filepath.ToSlash(filepath.Join(t.TempDir(), "data"))
	err := engine.Init(vfs.OS(), dir, engine.InitOptions{SegmentSize: mib, SystemID: system, Now: time.Now(), Table: tableOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	m := start(t, vfs.OS(), dir, change...)
	m.promote(1)
	return m
}

// start opens a directory and listens. It recovers; promote makes it a primary.
func start(t testing.TB, fsys vfs.FS, dir string, change ...func(*pgwire.Options)) *machine {
	t.Helper()
	m := &machine{t: t, fs: fsys, dir: dir, table: tableOf(t), sync: replication.NewSyncRep()}
	var err error
	if m.slots, err = replslot.Open(replslot.Options{FS: fsys, Dir: path.Join(dir, "pg_replslot")}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	m.Engine, err = engine.Open(t.Context(), engine.Options{
		Dir: dir, FS: fsys, Now: time.Now, Log: log, Table: m.table, SharedBuffers: 256, FullPageWrites: true,
		Retain: func(wal.LSN) wal.LSN { return m.slots.Oldest() },
	})
	if err != nil {
		t.Fatal(err)
	}
	backups := &basebackup.Server{Engine: m.Engine, Now: time.Now}
	m.repl = replication.NewServer(replication.Options{
		SystemID: m.SystemID(), SegmentSize: uint64(m.SegmentSize()), Log: replication.LogOf(m.Engine), Slots: m.slots,
		Sync: m.sync, Now: time.Now, Timeout: func() time.Duration { return time.Minute }, BaseBackup: backups.Serve,
	})
	settings := map[string]string{"data_directory_mode": "0700", "wal_segment_size": fmt.Sprintf("%dMB", m.SegmentSize()>>20), "server_version": "15.18", "integer_datetimes": "on"}
	wire := pgwire.Options{
		Now: time.Now, Log: log, Replication: m,
		Engine: &sql.Engine{
			Catalog: &catalog.Registry{Lookup: func(name string) (string, bool) { v, ok := settings[name]; return v, ok }},
			Caller:  m, Committer: m, InRecovery: m.InRecovery,
		},
	}
	for _, c := range change {
		c(&wire)
	}
	m.wire, err = pgwire.NewServer(wire)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = listener.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() { m.wire.Serve(listener) })
	m.done = sync.OnceFunc(func() {
		m.wire.Close()
		serving.Wait()
		m.Abort()
	})
	t.Cleanup(m.done)
	return m
}

func (m *machine) ServeReplication(ctx context.Context, c *pgwire.ReplicationConn) error {
	return m.repl.Serve(ctx, c)
}
func (m *machine) Commit(context.Context, wal.LSN, string) (*ereport.Condition, error) {
	return nil, nil
}

func (m *machine) promote(tli wal.TimelineID) {
	m.t.Helper()
	if err := m.Promote(m.t.Context(), tli, "a test"); err != nil {
		m.t.Fatal(err)
	}
	m.sync.Open(tli, replication.Rule{})
}

func (m *machine) call(name string, args ...any) (value any) {
	m.t.Helper()
	fn, ok := m.table.Function(name)
	if !ok {
		m.t.Fatalf("no function %s", name)
	}
	_, err := m.Call(m.t.Context(), &fn, args, func(row ...any) error {
		value = row[0]
		return nil
	})
	if err != nil {
		m.t.Fatalf("%s%v: %v", name, args, err)
	}
	return value
}

// fill puts the keys from to to-1, durably.
func (m *machine) fill(from, to int) {
	m.t.Helper()
	for i := from; i < to; i++ {
		m.call("kv_put", fmt.Sprintf("key%06d", i), strings.Repeat(fmt.Sprint(i, " "), 100))
	}
	if err := m.Log().Flush(m.Log().InsertLSN()); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) count() any { return m.call("kv_count") }

// await waits until the engine has replayed up to lsn.
func (m *machine) await(lsn wal.LSN) {
	m.t.Helper()
	for {
		changed := m.ReplayChanged()
		if m.Positions().Replay >= lsn {
			return
		}
		select {
		case <-changed:
		case <-m.t.Context().Done():
			m.t.Fatalf("replay stands at %s, want %s", m.Positions().Replay, lsn)
		}
	}
}

func (m *machine) upstream() replication.Upstream {
	return replication.Upstream{
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		},
		Addr: m.addr, User: "redoubt", ApplicationName: "copy",
	}
}

func (m *machine) conninfo(extra string) string {
	host, port, _ := net.SplitHostPort(m.addr)
	return "host=" + host + " port=" + port + " user=redoubt connect_timeout=20 " + extra
}

// binaries is where Debian puts PostgreSQL 15's programs.
const binaries = "/usr/lib/postgresql/15/bin"

// command prepares one of PostgreSQL 15's programs.
func command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	program := filepath.Join(binaries, name)
	if _, err := os.Stat(program); errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is not there: install Debian's packages postgresql-15 and postgresql-client-15", program)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HOME=" + t.TempDir()}
	return cmd
}

// run runs a program that must succeed and returns what it printed.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := command(t, name, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
