package replication

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/wal"
)

// A Conn is a replication client's connection, authenticated and ready for its first command;
// *pgwire.ReplicationConn is one. One goroutine receives while another sends.
type Conn interface {
	PID() int32
	User() string
	Database() string
	ApplicationName() string
	Logical() bool
	RemoteAddr() net.Addr

	Receive() (pgproto3.FrontendMessage, error)
	SetReadDeadline(t time.Time) error

	Send(m pgproto3.BackendMessage)
	SendCopyData(parts ...[]byte)
	Flush() error
	SetWriteDeadline(t time.Time) error

	// Query runs SQL in the session and queues its result or its error.
	Query(ctx context.Context, query string) error
}

// A Log is the server's own log as its senders see it. Any goroutine may call it.
type Log interface {
	// Position is the history of the timeline that is written or replayed now, and how far its log may
	// be sent: a primary's flushed end; on a standby the replayed end, or the flushed end of what it
	// receives if that is on the same timeline and greater.
	Position() (wal.History, wal.LSN)

	// Changed returns a channel that is closed when Position changes, or has changed since the call.
	Changed() <-chan struct{}

	// ReadAt reads flushed log from at on out of timeline tli's segment (segment.Log.ReadAt).
	ReadAt(p []byte, at wal.LSN, tli wal.TimelineID) (int, error)

	// ReadHistory is the contents of a timeline's history file; fs.ErrNotExist if there is none.
	ReadHistory(tli wal.TimelineID) ([]byte, error)

	// Redo is where crash recovery would begin; a slot reserves from here.
	Redo() wal.LSN

	InRecovery() bool
}

// Options say what a Server serves and with what.
type Options struct {
	SystemID    uint64
	SegmentSize uint64
	Log         Log
	Slots       *Slots
	Sync        *SyncRep
	Now         func() time.Time
	Logger      *slog.Logger

	// Timeout is wal_sender_timeout, asked anew for each wait; 0 or nil: never.
	Timeout func() time.Duration

	// MaxSenders is max_wal_senders; 0: no limit.
	MaxSenders int

	// BaseBackup and Logical answer their commands; nil: the command is refused.
	BaseBackup func(ctx context.Context, c Conn, cmd *BaseBackup) error
	Logical    LogicalHandler
}

// A LogicalHandler answers the commands of logical decoding.
type LogicalHandler interface {
	CreateSlot(ctx context.Context, c Conn, cmd *CreateSlot) error
	Start(ctx context.Context, c Conn, cmd *StartReplication) error
}

// A Replica is one client that is being served (pg_stat_replication).
type Replica struct {
	PID       int32
	User      string
	Name      string // application_name
	Addr      string
	Started   time.Time
	State     State
	Timeline  wal.TimelineID // of the log that is being sent
	Sent      wal.LSN
	Write     wal.LSN
	Flush     wal.LSN
	Apply     wal.LSN
	ReplyTime time.Time // the client's clock in its last message
	Priority  int       // in synchronous_standby_names; 0: not in it
	SyncState string    // async, potential, sync, quorum
	Slot      string
}

// State is what a sender is doing.
type State string

const (
	StateStartup   State = "startup"
	StateBackup    State = "backup"
	StateCatchup   State = "catchup"
	StateStreaming State = "streaming"
	StateStopping  State = "stopping"
)

// A Server answers replication clients. Any goroutine may call its methods.
type Server struct {
	opts Options
}

// NewServer returns a server.
func NewServer(o Options) *Server { panic("not yet") }

// Serve answers a client's commands until it leaves (nil) or the connection fails. It is what a
// pgwire.ReplicationHandler calls. An error that is an *rmgr.Error is for the client, as FATAL.
func (s *Server) Serve(ctx context.Context, c Conn) error { panic("not yet") }

// Replicas lists the clients that are being served.
func (s *Server) Replicas() []Replica { panic("not yet") }

// Drain ends every stream gracefully: each client gets the log up to its end and confirms it, then
// the stream is closed. Meanwhile no new one begins. The log must not grow any more. It returns when
// the streams have ended, or with ctx's error after ctx has ended and the rest were cut off. After
// that the server serves again.
func (s *Server) Drain(ctx context.Context) error { panic("not yet") }
