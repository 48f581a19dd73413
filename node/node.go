package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node/config"
	"github.com/redoubt-wal/redoubt/node/fence"
	"github.com/redoubt-wal/redoubt/node/pgwire"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A Node is one instance. Its methods may be called from any goroutine.
type Node struct {
	opts     Options
	settings *config.Settings
	log      *slog.Logger
	table    *rmgr.Table
	promises *fence.Promises
	started  time.Time
	changes  broadcast
	probe    writeProbe
	secret   secret
	commits  commitCounts
	statuses atomic.Uint64             // said so far
	reloaded atomic.Pointer[time.Time] // when settings were read again
	writers  sync.Map                  // *sql.Session → *local that it has written to and not settled

	sessions   *pgwire.Server
	closers    []func() error // of the HTTP servers
	tasks      sync.WaitGroup // background goroutines: all end with run
	stopAsked  chan struct{}  // the local socket asks for a fast stop
	smartAsked chan struct{}  // SIGTERM asks for a smart one

	// commands is held by the one command that changes what the node is. Fence does not take it: a
	// promise must not wait for a clone.
	commands chan struct{}

	mu    sync.Mutex // held for a few instructions only, never while waiting
	state state
	run   context.Context // ends when the node stops
	stop  context.CancelCauseFunc
}

// state is what the node is now. It is read and changed with Node.mu held.
type state struct {
	role    api.Role
	message string // what it waits for or why it cannot

	local *local // the data directory in use; nil while there is none

	starting  bool       // an unmanaged node that is not yet what its directory says
	following *following // standby, cloning or diverged: whom
	fork      wal.LSN    // diverged: where histories part

	timeline wal.TimelineID // primary: the one it was promoted on
	open     bool           // primary: accepts writes
	rule     replication.Rule
	set      setTaken

	lost wal.LSN // peers hold log up to here; what of it is not here was lost here

	heard time.Time // when operator or a standby was heard last

	addresses []net.Addr // of SQL listeners
}

// New makes a node. Nothing is opened or written before Run.
func New(o Options) (*Node, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	table, err := LoadTable(o.Modules, config.SplitList(o.Settings.String("preload_modules")))
	if err != nil {
		return nil, err
	}
	if err := refuseExperimental(table, o.Settings.Bool("allow_experimental")); err != nil {
		return nil, err
	}
	n := &Node{
		opts: o, settings: o.Settings, table: table,
		log:      o.Log.With("instance", o.Settings.String("instance_name")),
		commands: make(chan struct{}, 1), stopAsked: make(chan struct{}, 1), smartAsked: make(chan struct{}, 1),
	}
	n.state.role = api.RoleRecovering
	n.run, n.stop = context.WithCancelCause(context.Background())
	return n, nil
}

// refuseExperimental keeps development's resource manager out of a production cluster.
func refuseExperimental(table *rmgr.Table, allowed bool) error {
	m, loaded := table.Lookup(wal.RmgrExperimental)
	if !loaded || allowed {
		return nil
	}
	return &rmgr.Error{
		Code:    "55000",
		Message: fmt.Sprintf("resource manager %q uses the experimental ID %d", m.Name(), wal.RmgrExperimental),
		Detail:  "Others use the same ID during development; their records would be taken for this one's.",
		Hint:    "Reserve an ID of its own for it, or set allow_experimental = on.",
	}
}

// Table is the table of loaded managers.
func (n *Node) Table() *rmgr.Table { return n.table }

func (n *Node) managed() bool { return n.settings.Bool("managed") }

// name is the node's instance name: its replication connections carry it.
func (n *Node) name() string { return n.settings.String("instance_name") }

// current returns a copy of the state.
func (n *Node) current() state {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.state
}

// change changes the state and tells watchers.
func (n *Node) change(fn func(*state)) {
	n.mu.Lock()
	fn(&n.state)
	n.mu.Unlock()
	n.changes.notify()
}

// exclusively runs a command that changes what the node is, one at a time. The command goes on when
// its caller leaves: half a promotion helps nobody.
func (n *Node) exclusively(ctx context.Context, command func(context.Context) error) error {
	select {
	case n.commands <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-n.run.Done():
		return errStopping
	}
	defer func() { <-n.commands }()
	if n.run.Err() != nil {
		return errStopping
	}
	defer n.changes.notify()
	return command(n.run)
}

var errStopping = errors.New("the node is stopping")

// heardFrom notes that operator or standby is there.
func (n *Node) heardFrom() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.state.heard = n.opts.Now()
}

// A broadcast wakes everybody who waits for the next change. The zero value is ready.
type broadcast struct {
	mu   sync.Mutex
	next chan struct{}
}

// wait returns a channel that is closed at the next notify.
func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

func (b *broadcast) notify() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}
