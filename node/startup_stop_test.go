package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/controlfile"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// crashedDir makes the directory of a primary that was killed, with log that must be replayed.
func crashedDir(t *testing.T, fsys vfs.FS, dir string) {
	t.Helper()
	table, err := LoadTable(onlyKV, []string{"*"})
	must(t, err)
	must(t, engine.Init(fsys, dir, engine.InitOptions{SegmentSize: 1 << 20, Now: time.Now(), Table: table}))
	e, err := engine.Open(t.Context(), engine.Options{Dir: dir, FS: fsys, Now: time.Now, Table: table, SharedBuffers: 128})
	must(t, err)
	defer e.Abort()
	must(t, e.Promote(t.Context(), 1, ""))
	functions := table.Functions()
	put := functions[slices.IndexFunc(functions, func(f rmgr.Function) bool { return f.Name == "kv_put" })]
	for i := range 3000 {
		_, err := e.Call(t.Context(), &put, []any{fmt.Sprint(i), "value"}, func(...any) error { return nil })
		must(t, err)
	}
	must(t, e.Log().Flush(e.Positions().Insert))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// As PostgreSQL's startup process does, a node that replays its log gives up when it is told to stop. It writes
// no checkpoint then: the next start replays the same log.
func TestAStopDuringRecoveryDoesNotWaitForItsEnd(t *testing.T) {
	for how, stop := range map[string]func(n *Node, fast func()){
		"fast, by a signal":     func(_ *Node, fast func()) { fast() },
		"fast, by `node stop`":  func(n *Node, _ func()) { n.requestStop() },
		"smart: nobody is here": func(n *Node, _ func()) { n.SmartStop() },
	} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk := vfs.NewFault(vfs.NewMem())
				crashedDir(t, disk, "/data")
				s, err := config.Load("", nil, "listen_addresses=", "unix_socket_directories=", "preload_modules=*", "shared_buffers=4MB")
				must(t, err)
				n, err := New(Options{
					Dir: "/data", FS: disk, Settings: s, Modules: onlyKV, Now: time.Now,
					Dial:   func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody is there") },
					Listen: func(string, string) (net.Listener, error) { return nil, errors.New("no sockets here") },
				})
				must(t, err)
				ctx, fast := context.WithCancel(t.Context())
				defer fast()
				var once sync.Once
				disk.Add(&vfs.Rule{Op: vfs.OpRead, Path: "00000001*", Before: func(string, string) {
					once.Do(func() {
						stop(n, fast)
						time.Sleep(time.Second) // whoever listens has heard it
					})
				}})
				if err := n.Run(ctx); err != nil {
					t.Errorf("the node ended with %v", err)
				}
				c, err := controlfile.Read(disk, "/data")
				must(t, err)
				if c.State != controlfile.InProduction && c.State != controlfile.InCrashRecovery {
					t.Errorf("pg_control says %v", c.State)
				}
			})
		})
	}
}

// Clients that come while the log is replayed, or before writes are let in, are told so, as PostgreSQL's are: not
// that nobody is there, and not that writes are for the primary only.
func TestClientsAreToldThatTheNodeIsStarting(t *testing.T) {
	disk := vfs.NewFault(vfs.NewMem())
	crashedDir(t, disk, "/data")
	node := make(chan *Node, 1)
	var mu sync.Mutex
	var here *Node
	asked := map[api.Role]bool{}
	disk.Add(&vfs.Rule{Before: func(string, string) {
		mu.Lock()
		defer mu.Unlock()
		if here == nil {
			here = <-node
		}
		now := here.current()
		if asked[now.role] || len(now.addresses) == 0 || now.role == api.RolePrimary || now.role == api.RoleStopping {
			return
		}
		asked[now.role] = true
		if got, want := greeting(t, now.addresses[0]), "57P03 the database system is starting up"; got != want && here.current().role == now.role {
			t.Errorf("while it is %s: %s", now.role, got)
		}
	}})
	n := runNode(t, disk, "/data", "listen_addresses=127.0.0.1")
	node <- n
	n.becomes(api.RolePrimary)
	mu.Lock()
	defer mu.Unlock()
	if !asked[api.RoleRecovering] || !asked[api.RoleWaiting] {
		t.Errorf("asked while it was %v", asked)
	}
}

// greeting is the first answer that a client gets.
func greeting(t *testing.T, a net.Addr) string {
	t.Helper()
	conn, err := net.Dial("tcp", a.String())
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	client := pgproto3.NewFrontend(conn, conn)
	client.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "postgres"}})
	if err := client.Flush(); err != nil {
		return err.Error()
	}
	m, err := client.Receive()
	if refused, ok := m.(*pgproto3.ErrorResponse); ok {
		return refused.Code + " " + refused.Message
	}
	return fmt.Sprintf("%T, %v", m, err)
}
