package replication_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	. "github.com/redoubt-wal/redoubt/node/replication"
	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

const (
	system = 7710516732398617829
	mib    = 1 << 20
)

// A machine is a node without an engine: a log, its history, and a server of it. What is flushed is
// applied, unless replay is held.
type machine struct {
	*segment.Log
	t       testing.TB
	name    string
	fs      vfs.FS
	builder wal.Builder
	last    wal.LSN // end of the last whole record inserted

	mu      sync.Mutex
	history wal.History
	standby bool
	held    wal.LSN // replay is held here; 0: it is not

	sync    *SyncRep
	slots   *replslot.Slots
	server  *Server
	timeout time.Duration
	conns   sync.WaitGroup
	nextPID int32

	patience atomic.Int64 // of the connection that set one last: SetUnacknowledged

	down bool // Dial fails
}

// newMachine is a machine whose log begins on timeline 1: a primary's, or a standby's.
func newMachine(t testing.TB, name string, standby bool) *machine {
	t.Helper()
	return machineIn(t, name, vfs.NewMem(), standby)
}

func machineIn(t testing.TB, name string, fs vfs.FS, standby bool) *machine {
	t.Helper()
	m := &machine{t: t, name: name, fs: fs, standby: standby, history: wal.NewHistory(1), timeout: time.Minute}
	var err error
	m.Log, err = segment.Open(segment.Options{FS: fs, Dir: "pg_wal", SegmentSize: mib, SystemID: system, Timeline: 1})
	if err != nil {
		t.Fatal(err)
	}
	if standby {
		err = m.StartReceive(mib, 1)
	} else {
		err = m.StartInsert(mib, 0, 1)
		m.last = mib
	}
	if err != nil {
		t.Fatal(err)
	}
	if m.slots, err = replslot.Open(replslot.Options{FS: fs, Dir: "pg_replslot"}); err != nil {
		t.Fatal(err)
	}
	m.sync = NewSyncRep()
	if !standby {
		m.sync.Open(1, Rule{})
	}
	m.server = NewServer(Options{
		SystemID: system, SegmentSize: mib, Log: m, Slots: m.slots, Sync: m.sync, Now: time.Now,
		Timeout: func() time.Duration { return m.timeout },
	})
	t.Cleanup(func() { m.Log.Close() })
	return m
}

// write inserts n records of about size bytes and flushes them.
func (m *machine) write(n, size int) {
	m.t.Helper()
	for i := range n {
		m.builder.Begin(wal.RmgrLogicalMessage, wal.LogicalMessageOp)
		m.builder.AddMain(wal.LogicalMessage{Prefix: fmt.Sprint(i), Payload: []byte(strings.Repeat(m.name, size/len(m.name)+1))}.Append(nil))
		if err := m.builder.Finish(); err != nil {
			m.t.Fatal(err)
		}
		_, end, err := m.Insert(&m.builder, 0)
		if err != nil {
			m.t.Fatal(err)
		}
		m.last = end
	}
	if err := m.Flush(m.last); err != nil {
		m.t.Fatal(err)
	}
}

// promote begins timeline tli at the end of what is here.
func (m *machine) promote(tli wal.TimelineID, at wal.LSN) {
	m.t.Helper()
	m.mu.Lock()
	before := m.history
	m.mu.Unlock()
	parent, _ := m.ReadHistory(before.Timeline())
	if err := m.WriteHistory(tli, wal.AppendHistory(parent, before.Timeline(), at, "test")); err != nil {
		m.t.Fatal(err)
	}
	m.mu.Lock()
	m.history, m.standby = before.Fork(tli, at, "test"), false
	m.mu.Unlock()
	if err := m.StartInsert(at, 0, tli); err != nil {
		m.t.Fatal(err)
	}
	m.last = at
	m.sync.Open(tli, Rule{})
}

// The Log of a Server.

func (m *machine) Position() (wal.History, wal.LSN) {
	end := m.FlushedLSN()
	return m.History(), end
}
func (m *machine) Redo() wal.LSN { return mib }
func (m *machine) InRecovery() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.standby
}

// The Received of a Receiver.

func (m *machine) History() wal.History {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.history
}
func (m *machine) End() wal.LSN     { return m.InsertLSN() }
func (m *machine) Flushed() wal.LSN { return m.FlushedLSN() }
func (m *machine) Applied() wal.LSN {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held != 0 {
		return m.held
	}
	return m.FlushedLSN()
}
func (m *machine) AppliedChanged() <-chan struct{} { return m.Changed() }
func (m *machine) Begin(at wal.LSN, tli wal.TimelineID) error {
	if m.Timeline() == tli && m.InsertLSN() == at {
		return nil
	}
	return m.StartReceive(at, tli)
}
func (m *machine) Follow(tli wal.TimelineID, file []byte) error {
	if err := m.WriteHistory(tli, file); err != nil {
		return err
	}
	h, err := wal.ParseHistory(tli, file)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.history = h
	return err
}

// dial connects to the machine's server.
func (m *machine) dial(context.Context, string) (net.Conn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, errors.New("connection refused")
	}
	client, server := net.Pipe()
	m.nextPID++
	pid := m.nextPID
	m.conns.Go(func() { m.accept(server, pid) })
	return client, nil
}

// accept speaks the protocol up to the first ReadyForQuery, as pgwire does, and serves.
func (m *machine) accept(raw net.Conn, pid int32) {
	defer raw.Close()
	c := &conn{Conn: raw, Backend: pgproto3.NewBackend(raw, raw), pid: pid, patience: &m.patience}
	for c.params == nil {
		msg, err := c.Backend.ReceiveStartupMessage()
		if err != nil {
			return
		}
		switch msg := msg.(type) {
		case *pgproto3.StartupMessage:
			c.params = msg.Parameters
		default:
			if _, err := raw.Write([]byte("N")); err != nil {
				return
			}
		}
	}
	c.Send(&pgproto3.AuthenticationOk{})
	for name, value := range map[string]string{"server_version": "15.18", "integer_datetimes": "on", "client_encoding": "UTF8"} {
		c.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	c.Send(&pgproto3.BackendKeyData{ProcessID: uint32(pid), SecretKey: []byte{0, 0, 0, 1}})
	c.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if c.Flush() != nil {
		return
	}
	if err := m.server.Serve(context.Background(), c); err != nil {
		code := "XX000"
		if e, ok := errors.AsType[*rmgr.Error](err); ok {
			code = e.Code
		}
		c.Send(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: code, Message: err.Error()})
		c.Flush()
	}
}

// conn is a Conn over any net.Conn.
type conn struct {
	net.Conn
	*pgproto3.Backend
	pid    int32
	params map[string]string

	patience *atomic.Int64 // the machine's
}

func (c *conn) PID() int32              { return c.pid }
func (c *conn) User() string            { return c.params["user"] }
func (c *conn) Database() string        { return c.params["database"] }
func (c *conn) ApplicationName() string { return c.params["application_name"] }
func (c *conn) Logical() bool           { return c.params["replication"] == "database" }
func (c *conn) Command(ctx context.Context) (context.Context, func()) {
	return context.WithCancel(ctx)
}
func (c *conn) SetUnacknowledged(d time.Duration) error {
	c.patience.Store(int64(d))
	return nil
}
func (c *conn) SendCopyData(parts ...[]byte) {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	c.Send(&pgproto3.CopyData{Data: all})
}

// Query answers the SHOWs of the tools.
func (c *conn) Query(_ context.Context, query string) error {
	name, _ := strings.CutPrefix(query, "SHOW ")
	value, ok := map[string]string{"data_directory_mode": "0700", "wal_segment_size": "1MB"}[strings.TrimSuffix(name, ";")]
	if !ok {
		c.Send(&pgproto3.ErrorResponse{Severity: "ERROR", Code: "0A000", Message: "cannot execute SQL commands in WAL sender for physical replication"})
		return nil
	}
	c.Send(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte(name), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1}}})
	c.Send(&pgproto3.DataRow{Values: [][]byte{[]byte(value)}})
	c.Send(&pgproto3.CommandComplete{CommandTag: []byte("SHOW")})
	return nil
}

// follow makes the machine receive from another until the test ends or Stop.
func (m *machine) follow(up *machine, change func(*ReceiverOptions)) *Receiver {
	o := ReceiverOptions{
		Upstream: Upstream{Dial: up.dial, Addr: up.name, User: m.name, ApplicationName: m.name},
		SystemID: system, Log: m, Now: time.Now,
	}
	if testing.Verbose() {
		o.Logger = slog.New(slog.NewTextHandler(m.t.Output(), nil)).With("node", m.name)
	}
	if change != nil {
		change(&o)
	}
	return StartReceiver(o)
}

// content is the log from the first segment to end as the history's files have it.
func (m *machine) content(end wal.LSN) string {
	m.t.Helper()
	h := m.History()
	buf := make([]byte, end-mib)
	for at := wal.LSN(mib); at < end; {
		to := min(end, wal.SegmentStart(wal.SegmentNumber(at, mib)+1, mib))
		n, err := m.ReadAt(buf[at-mib:to-mib], at, h.TLIAt(min(to, end)-1))
		if err != nil {
			m.t.Fatalf("%s: read %s to %s: %v", m.name, at, to, err)
		}
		at += wal.LSN(n)
	}
	return string(buf)
}

func sameLog(t *testing.T, a, b *machine) {
	t.Helper()
	if a.FlushedLSN() != b.FlushedLSN() {
		t.Fatalf("%s ends at %s, %s at %s", a.name, a.FlushedLSN(), b.name, b.FlushedLSN())
	}
	if a.content(a.FlushedLSN()) != b.content(b.FlushedLSN()) {
		t.Errorf("%s and %s have different log", a.name, b.name)
	}
}

// pass lets the bubble's clock run.
func pass(d time.Duration) { <-time.After(d) }
