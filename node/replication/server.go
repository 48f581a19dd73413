package replication

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/node/replslot"
	"github.com/redoubt-wal/redoubt/rmgr"
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

	// SetUnacknowledged bounds how long sent bytes may stay unacknowledged, where the network can do that; 0: as
	// long as usual.
	SetUnacknowledged(d time.Duration) error

	// Command is ctx for one command: it ends as well when somebody cancels the command, and with release.
	Command(ctx context.Context) (_ context.Context, release func())

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
	Slots       *replslot.Slots
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
	Lag       Lag
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

	mu       sync.Mutex
	sessions map[*session]bool
	draining chan struct{} // closed while a Drain is under way
	drains   int           // how many are: a stop may come during a demotion
	streams  sync.WaitGroup
}

// NewServer returns a server.
func NewServer(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Timeout == nil {
		o.Timeout = func() time.Duration { return 0 }
	}
	return &Server{opts: o, sessions: map[*session]bool{}, draining: make(chan struct{})}
}

// Serve answers a client's commands until it leaves (nil) or the connection fails. It is what a
// pgwire.ReplicationHandler calls. An error that is an *rmgr.Error is for the client, as FATAL.
func (s *Server) Serve(ctx context.Context, c Conn) error {
	ss := &session{server: s, conn: c, log: s.opts.Logger.With("client", c.ApplicationName(), "pid", c.PID())}
	ss.replica = Replica{
		PID: c.PID(), User: c.User(), Name: c.ApplicationName(), Addr: c.RemoteAddr().String(),
		Started: s.opts.Now(), State: StateStartup, Lag: noLag,
	}
	if err := s.enter(ss); err != nil {
		return err
	}
	defer s.leave(ss)
	defer s.opts.Slots.EndSession(c.PID())
	return ss.serve(ctx)
}

func (s *Server) enter(ss *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opts.MaxSenders > 0 && len(s.sessions) >= s.opts.MaxSenders {
		return &rmgr.Error{
			Code:    "53300",
			Message: fmt.Sprintf("number of requested standby connections exceeds max_wal_senders (currently %d)", s.opts.MaxSenders),
		}
	}
	s.sessions[ss] = true
	return nil
}

func (s *Server) leave(ss *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, ss)
}

// Replicas lists the clients that are being served, by PID.
func (s *Server) Replicas() []Replica {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Replica, 0, len(s.sessions))
	for ss := range s.sessions {
		list = append(list, ss.describe())
	}
	slices.SortFunc(list, func(a, b Replica) int { return cmp.Compare(a.PID, b.PID) })
	return list
}

// Drain ends every stream gracefully: each client gets the log up to its end and confirms it, then
// the stream is closed. Meanwhile no new one begins. The log must not grow any more. It returns when
// the streams have ended; when ctx ends before that, the rest are cut off and its error is returned.
// After that the server serves again.
func (s *Server) Drain(ctx context.Context) error {
	s.mu.Lock()
	if s.drains++; s.drains == 1 {
		close(s.draining)
	}
	s.mu.Unlock()

	ended := make(chan struct{})
	go func() { s.streams.Wait(); close(ended) }()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = fmt.Errorf("not every standby has confirmed the end of the log: %w", context.Cause(ctx))
		s.mu.Lock()
		for ss := range s.sessions {
			ss.cut()
		}
		s.mu.Unlock()
		<-ended
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drains--; s.drains == 0 {
		s.draining = make(chan struct{})
	}
	return err
}

// beginStream counts a stream that Drain must wait for; drain is closed when it comes.
func (s *Server) beginStream() (drain <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.draining:
		return nil, &rmgr.Error{Code: "57P03", Message: "the database system is shutting down"}
	default:
		s.streams.Add(1)
		return s.draining, nil
	}
}
