package interop_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

const binaries = "/usr/lib/postgresql/15/bin"

// A postgres is a real server with a socket in its directory.
type postgres struct {
	t    testing.TB
	root string
}

func startPostgres(t testing.TB) *postgres {
	t.Helper()
	root, err := os.MkdirTemp("", "postgres") // t.TempDir's parents are closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	p := &postgres{t, root}
	if uid, gid, ok := p.user(); ok {
		if err := os.Chown(root, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(root, "data")
	p.run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")
	options := "-k " + root + " -c listen_addresses='' -c fsync=off -c wal_level=logical -c autovacuum=off"
	p.run("pg_ctl", "-s", "-w", "-D", data, "-l", filepath.Join(root, "log"), "-o", options, "start")
	t.Cleanup(func() { p.run("pg_ctl", "-s", "-D", data, "-m", "immediate", "stop") })
	return p
}

// user is who runs servers, if this is root, whom they refuse.
func (p *postgres) user() (uid, gid uint32, ok bool) {
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		p.t.Fatalf("tests that run as root need the user postgres, which Debian's package postgresql-15 makes: %v", err)
	}
	id, _ := strconv.Atoi(u.Uid)
	group, _ := strconv.Atoi(u.Gid)
	return uint32(id), uint32(group), true
}

func (p *postgres) run(name string, args ...string) {
	p.t.Helper()
	cmd := exec.Command(filepath.Join(binaries, name), args...)
	cmd.Env, cmd.Dir = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}, "/"
	if uid, gid, ok := p.user(); ok {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func (p *postgres) connect() *pgx.Conn {
	p.t.Helper()
	return connect(p.t, fmt.Sprintf("host=%s user=postgres dbname=postgres", p.root))
}

func connect(t testing.TB, conninfo string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), conninfo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(t.Context()) })
	return c
}
