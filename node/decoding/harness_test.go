package decoding_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	api "github.com/redoubt-wal/redoubt/api/control"
	"github.com/redoubt-wal/redoubt/node"
	"github.com/redoubt-wal/redoubt/node/decoding"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/ledger"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

const mib = 1 << 20

// A primary is an engine with slots and a replication server, over a file system in memory.
type primary struct {
	*engine.Engine
	t      *testing.T
	fs     *vfs.Mem
	table  *rmgr.Table
	slots  *replslot.Slots
	server *replication.Server

	conns   sync.WaitGroup
	nextPID int32
}

var both = []rmgr.Module{kv.Module, ledger.Module}

func tableOf(t *testing.T, mods []rmgr.Module) *rmgr.Table {
	t.Helper()
	table, err := node.LoadTable(mods, []string{"*"})
	must(t, err)
	return table
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newPrimary(t *testing.T, mods ...rmgr.Module) *primary {
	t.Helper()
	fs := vfs.NewMem()
	must(t, engine.Init(fs, "/data", engine.InitOptions{SegmentSize: mib, SystemID: 77, Now: time.Now(), Table: tableOf(t, mods)}))
	p := standby(t, fs, mods...)
	must(t, p.Promote(t.Context(), 1, "test"))
	return p
}

// standby opens a directory and promotes nothing.
func standby(t *testing.T, fs *vfs.Mem, mods ...rmgr.Module) *primary {
	t.Helper()
	p := &primary{t: t, fs: fs, table: tableOf(t, mods)}
	var err error
	p.slots, err = replslot.Open(replslot.Options{FS: fs, Dir: "/data/pg_replslot"})
	must(t, err)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	p.Engine, err = engine.Open(t.Context(), engine.Options{
		Dir: "/data", FS: fs, Now: time.Now, Table: p.table, SharedBuffers: 128, CheckpointTimeout: 24 * time.Hour, Log: log, MinWALSize: mib,
		Retain: func(wal.LSN) wal.LSN { return errors2(p.slots.Save(), p.slots.Oldest()) },
		Slots: func() (out []api.Holder) {
			for _, s := range p.slots.List() {
				out = append(out, api.Holder{Kind: api.HolderSlot, Name: s.Name, From: s.RestartLSN})
			}
			return out
		},
	})
	must(t, err)
	p.server = replication.NewServer(replication.Options{
		SystemID: 77, SegmentSize: mib, Log: replication.LogOf(p.Engine), Slots: p.slots, Sync: replication.NewSyncRep(), Now: time.Now, Logger: log,
		Timeout: func() time.Duration { return time.Minute }, Logical: decoding.Handler{Engine: p.Engine, Table: p.table},
	})
	return p
}

func errors2(err error, lsn wal.LSN) wal.LSN {
	if err != nil {
		panic(err)
	}
	return lsn
}

// crash cuts the power and starts again on what was durable.
func (p *primary) crash(mods ...rmgr.Module) *primary {
	p.t.Helper()
	p.conns.Wait()
	disk := p.fs.PowerCut(0)
	p.Abort()
	next := standby(p.t, disk, mods...)
	must(p.t, next.Promote(p.t.Context(), next.History().Timeline(), "test"))
	return next
}

// call runs a function; what it wrote is durable on return.
func (p *primary) call(name string, args ...any) wal.LSN {
	p.t.Helper()
	fn, ok := p.table.Function(name)
	if !ok {
		p.t.Fatalf("no function %s", name)
	}
	end, err := p.Call(context.Background(), &fn, args, func(...any) error { return nil })
	must(p.t, err)
	must(p.t, p.Log().Flush(end))
	return end
}

func (p *primary) slot(name string) replslot.Slot {
	p.t.Helper()
	s, ok := p.slots.Get(name)
	if !ok {
		p.t.Fatalf("no slot %s", name)
	}
	return s
}

// A client speaks the protocol after its start-up, as pg_recvlogical does.
type client struct {
	*pgproto3.Frontend
	t    *testing.T
	conn net.Conn
}

// connect serves a new connection with replication=database, or =true.
func (p *primary) connect(database bool) *client {
	near, far := net.Pipe()
	p.nextPID++
	c := &conn{Conn: far, Backend: pgproto3.NewBackend(far, far), pid: p.nextPID, database: database}
	p.conns.Go(func() {
		defer far.Close()
		p.server.Serve(context.Background(), c)
	})
	return &client{Frontend: pgproto3.NewFrontend(near, near), t: p.t, conn: near}
}

type conn struct {
	net.Conn
	*pgproto3.Backend
	pid      int32
	database bool
}

func (c *conn) PID() int32              { return c.pid }
func (c *conn) User() string            { return "test" }
func (c *conn) Database() string        { return "postgres" }
func (c *conn) ApplicationName() string { return "client" }
func (c *conn) Logical() bool           { return c.database }
func (c *conn) Command(ctx context.Context) (context.Context, func()) {
	return context.WithCancel(ctx)
}

func (c *conn) SetUnacknowledged(time.Duration) error { return nil }
func (c *conn) SendCopyData(parts ...[]byte) {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	c.Send(&pgproto3.CopyData{Data: all})
}
func (c *conn) Query(context.Context, string) error { return errors.New("no SQL here") }

func (c *client) send(m pgproto3.FrontendMessage) {
	c.t.Helper()
	c.Send(m)
	must(c.t, c.Flush())
}

// command runs a command up to ReadyForQuery: its rows, a "|" between columns, or the error.
func (c *client) command(text string) (rows string, err error) {
	c.t.Helper()
	c.send(&pgproto3.Query{String: text})
	var out []string
	for {
		m, receiveErr := c.Receive()
		must(c.t, receiveErr)
		switch m := m.(type) {
		case *pgproto3.DataRow:
			var row []string
			for _, v := range m.Values {
				row = append(row, string(v))
			}
			out = append(out, strings.Join(row, "|"))
		case *pgproto3.ErrorResponse:
			err = &rmgr.Error{Code: m.Code, Message: m.Message, Detail: m.Detail, Hint: m.Hint}
		case *pgproto3.CopyBothResponse:
			return "", nil
		case *pgproto3.ReadyForQuery:
			return strings.Join(out, "\n"), err
		}
	}
}

// create makes a slot and returns its consistent point.
func (c *client) create(name, plugin string) wal.LSN {
	c.t.Helper()
	row, err := c.command(fmt.Sprintf(`CREATE_REPLICATION_SLOT "%s" LOGICAL "%s" ( SNAPSHOT 'nothing')`, name, plugin))
	must(c.t, err)
	columns := strings.Split(row, "|")
	if len(columns) != 4 || columns[0] != name || columns[2] != "" || columns[3] != plugin {
		c.t.Fatalf("CREATE_REPLICATION_SLOT answered %q", row)
	}
	lsn, err := wal.ParseLSN(columns[1])
	must(c.t, err)
	return lsn
}

// start begins a stream.
func (c *client) start(slot, rest string) {
	c.t.Helper()
	_, err := c.command(`START_REPLICATION SLOT "` + slot + `" LOGICAL ` + rest)
	must(c.t, err)
}

// An event is a message of the stream: data, or a keepalive.
type event struct {
	lsn  wal.LSN
	text string // "" for a keepalive
	ask  bool   // it wants a reply
}

// next is the stream's next message; ok is false when it ends, with the error if there is one.
func (c *client) next() (e event, ok bool, err error) {
	c.t.Helper()
	m, err := c.Receive()
	if err != nil {
		return event{}, false, err
	}
	switch m := m.(type) {
	case *pgproto3.CopyData:
		lsn := wal.LSN(binary.BigEndian.Uint64(m.Data[1:]))
		if m.Data[0] == 'k' {
			return event{lsn: lsn, ask: m.Data[17] == 1}, true, nil
		}
		return event{lsn: lsn, text: string(m.Data[25:])}, true, nil
	case *pgproto3.ErrorResponse:
		return event{}, false, &rmgr.Error{Code: m.Code, Message: m.Message, Detail: m.Detail, Hint: m.Hint}
	case *pgproto3.CommandComplete:
		return event{text: string(m.CommandTag)}, false, nil
	case *pgproto3.CopyDone:
		return event{text: "CopyDone"}, false, nil
	}
	c.t.Fatalf("unexpected %T in the stream", m)
	return event{}, false, nil
}

// until reads until the server says it has decoded everything up to an LSN: the data, a line each.
func (c *client) until(end wal.LSN) string {
	c.t.Helper()
	var lines []string
	began := time.Now() // of the bubble
	for {
		e, ok, err := c.next()
		if waited := time.Since(began); waited > time.Second {
			c.t.Fatalf("it took the server %s to say how far it is", waited)
		}
		if !ok {
			c.t.Fatalf("the stream ended with %v %v after\n%s", e, err, strings.Join(lines, "\n"))
		}
		if e.text != "" {
			lines = append(lines, e.text)
		}
		if e.lsn >= end {
			return strings.Join(lines, "\n")
		}
	}
}

// confirm says that everything up to an LSN is durable at the client.
func (c *client) confirm(lsn wal.LSN) {
	c.t.Helper()
	b := []byte{'r'}
	for _, v := range []wal.LSN{lsn, lsn, 0} {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	c.send(&pgproto3.CopyData{Data: append(binary.BigEndian.AppendUint64(b, 0), 0)})
}

// done ends a stream as pg_recvlogical does and returns the server's messages up to ReadyForQuery.
func (c *client) done() (tags []string) {
	c.t.Helper()
	c.send(&pgproto3.CopyDone{})
	for {
		m, err := c.Receive()
		must(c.t, err)
		switch m := m.(type) {
		case *pgproto3.CopyDone:
			tags = append(tags, "CopyDone")
		case *pgproto3.CommandComplete:
			tags = append(tags, string(m.CommandTag))
		case *pgproto3.ReadyForQuery:
			return tags
		}
	}
}

func (c *client) close() { c.conn.Close() }

func sqlState(err error) string {
	var e *rmgr.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}
