package pgwire_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redoubt-wal/redoubt/node/pgwire"
	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/builtin"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A fake is a node in memory: a map behind SQL functions, and a log that is only a position.
type fake struct {
	mu        gate
	values    map[string]string
	end       wal.LSN
	recovery  atomic.Bool
	commits   []string                                                                         // "level" of each Commit
	commit    func(ctx context.Context, lsn wal.LSN, level string) (*ereport.Condition, error) // nil: done at once
	entered   chan struct{}                                                                    // receives when a call of wait() runs
	functions []rmgr.Function
}

var kvID = wal.RmgrID(251)

func newFake() *fake {
	f := &fake{mu: make(gate, 1), values: map[string]string{}, end: 0x1000000, entered: make(chan struct{}, 100)}
	text := func(names ...string) (list []rmgr.Column) {
		for _, n := range names {
			list = append(list, rmgr.Column{Name: n})
		}
		return list
	}
	one := func(t rmgr.Type) []rmgr.Column { return []rmgr.Column{{Type: t}} }
	type call = func(ctx context.Context, _ rmgr.Session, args []any, row func(...any) error) error
	f.functions = []rmgr.Function{
		{Name: "kv_put", Args: text("key", "value"), Strict: true, Returns: one(rmgr.PgLSN), Write: &kvID, Call: call(func(_ context.Context, _ rmgr.Session, a []any, row func(...any) error) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.values[a[0].(string)] = a[1].(string)
			f.end += 0x40
			return row(f.end)
		})},
		{Name: "kv_get", Args: text("key"), Strict: true, Returns: one(rmgr.Text), ReadsOf: &kvID, Call: func(_ context.Context, _ rmgr.Session, a []any, row func(...any) error) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			if v, ok := f.values[a[0].(string)]; ok {
				return row(v)
			}
			return row(nil)
		}},
		{
			Name: "kv_range", Args: []rmgr.Column{{Name: "from"}, {Name: "to"}, {Name: "lim", Type: rmgr.Int4}}, Set: true, Strict: true,
			Returns: text("key", "value"), Defaults: []any{int64(100)}, ReadsOf: &kvID, Call: f.scan,
		},
		{Name: "wait", Returns: one(rmgr.Text), Call: func(ctx context.Context, _ rmgr.Session, _ []any, row func(...any) error) error {
			f.entered <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}},
		{Name: "fail", Args: text("code", "message", "detail", "hint"), Returns: one(rmgr.Text), Call: func(_ context.Context, _ rmgr.Session, a []any, _ func(...any) error) error {
			return &rmgr.Error{Code: a[0].(string), Message: a[1].(string), Detail: a[2].(string), Hint: a[3].(string)}
		}},
		{
			Name: "types", Args: []rmgr.Column{
				{Name: "t"}, {Name: "i8", Type: rmgr.Int8}, {Name: "i4", Type: rmgr.Int4}, {Name: "b", Type: rmgr.Bool}, {Name: "l", Type: rmgr.PgLSN},
				{Name: "y", Type: rmgr.Bytea}, {Name: "f", Type: rmgr.Float8}, {Name: "ts", Type: rmgr.Timestamptz},
			}, Set: true,
			Returns: []rmgr.Column{
				{Name: "t"}, {Name: "i8", Type: rmgr.Int8}, {Name: "i4", Type: rmgr.Int4}, {Name: "b", Type: rmgr.Bool}, {Name: "l", Type: rmgr.PgLSN},
				{Name: "y", Type: rmgr.Bytea}, {Name: "f", Type: rmgr.Float8}, {Name: "ts", Type: rmgr.Timestamptz},
			},
			Call: func(_ context.Context, _ rmgr.Session, a []any, row func(...any) error) error { return row(a...) },
		},
	}
	return f
}

// scan holds the lock while it gives rows, as a module's function holds its pages.
func (f *fake) scan(_ context.Context, _ rmgr.Session, a []any, row func(...any) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	for k := range f.values {
		if k >= a[0].(string) && k < a[1].(string) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys[:min(len(keys), int(a[2].(int64)))] {
		if err := row(k, f.values[k]); err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) Call(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) (wal.LSN, error) {
	if fn.Write != nil && f.inRecovery() {
		return 0, &rmgr.Error{Code: "25006", Message: "cannot execute " + fn.Name + "() during recovery"}
	}
	err := fn.Call(ctx, nil, args, row)
	if fn.Write == nil || err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end, nil
}

func (f *fake) inRecovery() bool { return f.recovery.Load() }

// A gate is a mutex that lets a bubble's clock go on while somebody waits.
type gate chan struct{}

func (g gate) Lock()   { g <- struct{}{} }
func (g gate) Unlock() { <-g }

func (f *fake) Commit(ctx context.Context, lsn wal.LSN, level string) (*ereport.Condition, error) {
	f.mu.Lock()
	f.commits = append(f.commits, level)
	f.mu.Unlock()
	if f.commit != nil {
		return f.commit(ctx, lsn, level)
	}
	return nil, nil
}

func (f *fake) committed() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.commits)
}

// engine makes the sql.Engine of the fake.
func (f *fake) engine(t testing.TB, now func() time.Time, server func() *pgwire.Server) *sql.Engine {
	t.Helper()
	r := &catalog.Registry{
		Node: func() []catalog.Setting {
			return []catalog.Setting{{Name: "port", Value: "5432", Description: "the port"}, {Name: "wal_segment_size", Value: "16MB"}}
		},
		Modules: func(name string) catalog.ModuleState {
			return map[string]catalog.ModuleState{"kv": catalog.ModuleLoaded, "ledger": catalog.ModuleOff}[name]
		},
	}
	if err := r.AddFunctions(f.functions...); err != nil {
		t.Fatal(err)
	}
	if err := builtin.Register(r, builtin.Node{
		Version: func() string { return "PostgreSQL 15.18 (Redoubt test)" }, Now: now, InRecovery: f.inRecovery,
		Activity: func() []sql.Activity { return server().Activity() }, Functions: r.Functions, Views: r.Views,
		Extensions: func() []builtin.Extension {
			return []builtin.Extension{{Name: "kv", Version: "1.2.0", Functions: []string{"kv_get", "kv_put", "kv_range", "fail"}}}
		},
		Cancel: func(pid int32) bool { return server().Cancel(pid) }, Terminate: func(pid int32) bool { return server().Terminate(pid) },
	}); err != nil {
		t.Fatal(err)
	}
	return &sql.Engine{Catalog: r, Caller: f, Committer: f, InRecovery: f.inRecovery, Checkpoint: func(context.Context) error { return nil }}
}

// A service is a fake behind a real port and a socket in a directory.
type service struct {
	*fake
	server *pgwire.Server
	host   string
	port   string
	dir    string // of the socket
	log    *bytes.Buffer
}

// serve starts a service; change may alter the server's options.
func serve(t testing.TB, change func(*pgwire.Options)) *service {
	t.Helper()
	s := &service{fake: newFake(), dir: t.TempDir(), log: &bytes.Buffer{}}
	options := pgwire.Options{Now: time.Now, Log: slog.New(slog.NewTextHandler(s.log, nil))}
	options.Engine = s.engine(t, time.Now, func() *pgwire.Server { return s.server })
	if change != nil {
		change(&options)
	}
	var err error
	if s.server, err = pgwire.NewServer(options); err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.host, s.port, _ = net.SplitHostPort(tcp.Addr().String())
	unix, err := net.Listen("unix", filepath.Join(s.dir, ".s.PGSQL."+s.port))
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	for _, l := range []net.Listener{tcp, unix} {
		serving.Go(func() {
			if err := s.server.Serve(l); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() {
		s.server.Close()
		serving.Wait()
	})
	return s
}

// conninfo is how clients reach the service over TCP.
func (s *service) conninfo(extra string) string {
	return "host=" + s.host + " port=" + s.port + " user=app dbname=app connect_timeout=20 " + extra
}

// program finds one of PostgreSQL 15's programs.
func program(t testing.TB, name string) string {
	t.Helper()
	if path := filepath.Join("/usr/lib/postgresql/15/bin", name); exists(path) {
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s of PostgreSQL 15 is not there: install Debian's packages postgresql-15 and postgresql-client-15", name)
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// run runs a program and returns what it printed on both outputs; a failure of the program is
// part of the text, as "exit 2".
func run(t testing.TB, stdin string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, name), args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HOME=" + t.TempDir()}, env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return strings.TrimSpace(string(out)) + "\nexit " + strings.TrimPrefix(exit.String(), "exit status ")
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// psql runs one script through psql, unaligned, tuples only.
func (s *service) psql(t testing.TB, script string, args ...string) string {
	t.Helper()
	return run(t, script, nil, "psql", append([]string{"-XAtq", "-d", s.conninfo("")}, args...)...)
}
