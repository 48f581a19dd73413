package replication

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A session is one client's connection and its commands, one after another.
type session struct {
	server *Server
	conn   Conn
	log    *slog.Logger

	mu      sync.Mutex
	replica Replica // what others may see of it
	member  *member // while it streams on a physical slot or none
	stop    context.CancelCauseFunc
}

// errLeft says that the client has gone; there is nobody to tell anything.
var errLeft = errors.New("client left")

func (ss *session) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ss.mu.Lock()
	ss.stop = cancel
	ss.mu.Unlock()
	for {
		m, err := ss.receive(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.Terminate:
			return nil
		case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
			continue // the rest of a stream that we ended with an error
		case *pgproto3.Query:
			if err := ss.query(ctx, m.String); err != nil {
				if errors.Is(err, errLeft) || errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
		default:
			sendError(ss.conn, &rmgr.Error{Code: "08P01", Message: "extended query protocol not supported in a replication connection"})
			if err := ss.skipToSync(ctx, m); err != nil {
				return err
			}
		}
		ss.conn.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if err := ss.conn.Flush(); err != nil {
			return err
		}
	}
}

// cut ends the session as an administrator would.
func (ss *session) cut() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.stop != nil {
		ss.stop(&rmgr.Error{Code: "57P01", Message: "terminating connection due to administrator command"})
	}
}

// receive waits for a message until ctx ends.
func (ss *session) receive(ctx context.Context) (pgproto3.FrontendMessage, error) {
	expire := context.AfterFunc(ctx, func() { ss.conn.SetReadDeadline(longAgo) })
	m, err := ss.conn.Receive()
	if !expire() && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return m, err
}

// longAgo is a deadline that has passed on every clock.
var longAgo = time.Unix(1, 0)

func (ss *session) skipToSync(ctx context.Context, m pgproto3.FrontendMessage) error {
	for {
		if _, ok := m.(*pgproto3.Sync); ok {
			return nil
		}
		var err error
		if m, err = ss.receive(ctx); err != nil {
			return err
		}
	}
}

// query runs one command and queues its answer. The error it returns ends the session; a refusal has
// been queued for the client.
func (ss *session) query(ctx context.Context, text string) error {
	if !IsCommand(text) {
		return ss.conn.Query(ctx, text)
	}
	cmd, err := Parse(text)
	if err == nil {
		ss.log.Debug("received replication command", "command", text)
		err = ss.run(ctx, text, cmd)
	}
	var refusal *rmgr.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &refusal):
		sendError(ss.conn, refusal)
		return nil
	default:
		return err
	}
}

func (ss *session) run(ctx context.Context, text string, cmd any) error {
	switch cmd := cmd.(type) {
	case *IdentifySystem:
		return ss.identify()
	case *Show:
		return ss.conn.Query(ctx, text)
	case *TimelineHistory:
		return ss.timelineHistory(cmd)
	case *ReadSlot:
		return ss.readSlot(cmd)
	case *CreateSlot:
		return ss.createSlot(ctx, cmd)
	case *DropSlot:
		return ss.dropSlot(ctx, cmd)
	case *BaseBackup:
		return ss.baseBackup(ctx, cmd)
	case *StartReplication:
		if !cmd.Logical {
			return ss.stream(ctx, cmd)
		}
		if err := ss.mayDecode(); err != nil {
			return err
		}
		return ss.streamChanges(ctx, cmd)
	default:
		return fmt.Errorf("command %T has no answer", cmd)
	}
}

func (ss *session) identify() error {
	o := &ss.server.opts
	history, end := o.Log.Position()
	var database any
	if ss.conn.Logical() {
		database = ss.conn.Database()
	}
	SendRows(ss.conn, []Column{Text("systemid"), Int4("timeline"), Text("xlogpos"), Text("dbname")},
		[]any{o.SystemID, history.Timeline(), end, database})
	Complete(ss.conn, "IDENTIFY_SYSTEM")
	return nil
}

func (ss *session) timelineHistory(cmd *TimelineHistory) error {
	name := wal.HistoryName(cmd.Timeline)
	contents, err := ss.server.opts.Log.ReadHistory(cmd.Timeline)
	if err != nil {
		return &rmgr.Error{Code: "58P01", Message: fmt.Sprintf("could not open file \"pg_wal/%s\": %v", name, err)}
	}
	SendRows(ss.conn, []Column{Text("filename"), Text("content")}, []any{name, contents})
	Complete(ss.conn, "TIMELINE_HISTORY")
	return nil
}

func (ss *session) readSlot(cmd *ReadSlot) error {
	row := []any{nil, nil, nil}
	if slot, ok := ss.server.opts.Slots.Get(cmd.Name); ok {
		if slot.Logical {
			return &rmgr.Error{Code: "0A000", Message: "cannot use READ_REPLICATION_SLOT with a logical replication slot"}
		}
		row[0] = "physical"
		if slot.RestartLSN != 0 {
			history, _ := ss.server.opts.Log.Position()
			row[1], row[2] = slot.RestartLSN, history.TLIAt(slot.RestartLSN)
		}
	}
	SendRows(ss.conn, []Column{Text("slot_type"), Text("restart_lsn"), Int8("restart_tli")}, row)
	Complete(ss.conn, "READ_REPLICATION_SLOT")
	return nil
}

func (ss *session) createSlot(ctx context.Context, cmd *CreateSlot) error {
	if cmd.Logical {
		if err := ss.mayDecode(); err != nil {
			return err
		}
		return ss.createLogicalSlot(ctx, cmd)
	}
	reserve := false
	for i, o := range cmd.Options {
		if o.Name != "reserve_wal" && o.Name != "snapshot" && o.Name != "two_phase" {
			return &rmgr.Error{Code: "XX000", Message: "unrecognized option: " + o.Name}
		}
		if o.Name != "reserve_wal" || i > 0 {
			return &rmgr.Error{Code: "42601", Message: "conflicting or redundant options"}
		}
		var err error
		if reserve, err = o.Bool(); err != nil {
			return err
		}
	}
	if _, err := ss.server.CreatePhysicalSlot(ss.conn.PID(), cmd.Name, reserve, cmd.Temporary); err != nil {
		return err
	}
	SendRows(ss.conn, []Column{Text("slot_name"), Text("consistent_point"), Text("snapshot_name"), Text("output_plugin")},
		[]any{cmd.Name, wal.InvalidLSN, nil, nil})
	Complete(ss.conn, "CREATE_REPLICATION_SLOT")
	return nil
}

func (ss *session) dropSlot(ctx context.Context, cmd *DropSlot) error {
	var wait <-chan struct{}
	if cmd.Wait {
		wait = ctx.Done()
	}
	if err := ss.server.opts.Slots.Drop(cmd.Name, ss.conn.PID(), wait); err != nil {
		return err
	}
	Complete(ss.conn, "DROP_REPLICATION_SLOT")
	return nil
}

func (ss *session) baseBackup(ctx context.Context, cmd *BaseBackup) error {
	serve := ss.server.opts.BaseBackup
	if serve == nil {
		return &rmgr.Error{Code: "0A000", Message: "this server makes no base backups"}
	}
	ss.setState(StateBackup)
	defer ss.setState(StateStartup)
	if err := serve(ctx, ss.conn, cmd); err != nil {
		return err
	}
	Complete(ss.conn, "BASE_BACKUP")
	return nil
}

func (ss *session) mayDecode() error {
	if !ss.conn.Logical() {
		return &rmgr.Error{Code: "55000", Message: "logical decoding requires a database connection", Hint: "Connect with replication=database."}
	}
	return ss.server.mayDecode()
}

func (ss *session) setState(state State) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.replica.State = state
}

func (ss *session) describe() Replica {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	r := ss.replica
	r.SyncState = "async"
	if ss.member != nil {
		r.Priority, r.SyncState = ss.server.opts.Sync.standing(ss.member)
	}
	return r
}
