package node

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

var onlyKV = []rmgr.Module{kv.Module}

// copyWithoutLog makes dir a standby's directory: a base backup of a new cluster, without any log.
func copyWithoutLog(t *testing.T, fsys *vfs.Mem, dir string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	table, err := LoadTable(onlyKV, []string{"*"})
	must(err)
	must(engine.Init(fsys, "/primary", engine.InitOptions{SegmentSize: 1 << 20, Now: time.Now(), Table: table}))
	p, err := engine.Open(t.Context(), engine.Options{Dir: "/primary", FS: fsys, Now: time.Now, Table: table, SharedBuffers: 128})
	must(err)
	defer p.Abort()
	must(p.Promote(t.Context(), 1, ""))
	b, err := p.BeginBackup(t.Context(), "a test", true)
	must(err)
	must(fsys.MkdirAll(dir, 0o700))
	must(vfs.WriteFile(fsys, dir+"/backup_label", b.Label, 0o600))
	must(vfs.WriteFile(fsys, dir+"/"+StandbySignal, nil, 0o600))
	must(p.DataFiles(t.Context(), func(name string, _ int64, open func() (io.ReadCloser, error)) error {
		if open == nil {
			return fsys.MkdirAll(dir+"/"+strings.TrimSuffix(name, "/"), 0o700)
		}
		from, err := open()
		if err != nil {
			return err
		}
		defer from.Close()
		contents, err := io.ReadAll(from)
		if err != nil {
			return err
		}
		to, err := fsys.OpenFile(dir+"/"+name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		_, err = to.WriteAt(contents, 0)
		return errors.Join(err, to.Close())
	}))
	_, err = b.End(t.Context())
	must(err)
}

// runNode runs an unmanaged node until the test ends. Nobody answers when it dials.
func runNode(t *testing.T, fsys vfs.FS, dir string, settings ...string) *Node {
	t.Helper()
	s, err := config.Load("", nil, append([]string{"listen_addresses=", "unix_socket_directories=", "preload_modules=*", "shared_buffers=4MB"}, settings...)...)
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(Options{
		Dir: dir, FS: fsys, Settings: s, Modules: onlyKV, Now: time.Now,
		Dial:   func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody is there") },
		Listen: func(string, string) (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return n
}

// becomes waits until a node has one of these roles.
func (n *Node) becomes(roles ...api.Role) {
	for {
		changed := n.changes.wait()
		if slices.Contains(roles, n.current().role) {
			return
		}
		<-changed
	}
}

// A standby whose promotion is refused goes on as the standby that it was: it follows its upstream, and has
// promised nothing that would keep it from that.
func TestAPromotionThatIsRefusedLeavesAStandby(t *testing.T) {
	disk := vfs.NewMem()
	copyWithoutLog(t, disk, "/data")
	n := runNode(t, disk, "/data", "primary_conninfo=host=primary port=1")
	n.becomes(api.RoleStandby)
	err := n.promoteUnmanaged(t.Context())
	if err == nil || !strings.Contains(err.Error(), "WAL ends before end of online backup") {
		t.Fatalf("got %v", err)
	}
	now := n.current()
	if now.role != api.RoleStandby || now.following == nil {
		t.Errorf("it is %s, following %v", now.role, now.following)
	}
	if p := n.promises.Promised(); p > 1 {
		t.Errorf("it has promised timeline %d", p)
	}
}
