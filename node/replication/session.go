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
)

// A session is one client's connection and its commands, one after another.
type session struct {
	server *Server
	conn   Conn
	log    *slog.Logger

	ctx context.Context // ends when the session must; of the serving goroutine

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
	ss.ctx, ss.stop = ctx, cancel
	ss.mu.Unlock()
	defer ss.hurry(ctx)()
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
		case *pgproto3.Flush:
			continue // every answer has left already
		case *pgproto3.Sync:
		case *pgproto3.FunctionCall:
			sendError(ss.conn, &rmgr.Error{Code: "08P01", Message: "fastpath function calls not supported in a replication connection"})
		default:
			sendError(ss.conn, &rmgr.Error{Code: "08P01", Message: "extended query protocol not supported in a replication connection"})
			if err := ss.conn.Flush(); err != nil {
				return err
			}
			if err := ss.skipToSync(ctx); err != nil {
				return err
			}
		}
		ss.conn.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if err := ss.conn.Flush(); err != nil {
			return err
		}
	}
}

// hurry gives what is being written when ctx ends a second more: a client that does not read must not
// hold up a stop. release undoes it; then the write deadline is the caller's again.
func (ss *session) hurry(ctx context.Context) (release func()) {
	hurried := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(hurried)
		ss.conn.SetWriteDeadline(ss.server.opts.Now().Add(time.Second))
	})
	return func() {
		if !stop() {
			<-hurried
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

func (ss *session) skipToSync(ctx context.Context) error {
	for {
		m, err := ss.receive(ctx)
		if err != nil {
			return err
		}
		if _, ok := m.(*pgproto3.Sync); ok {
			return nil
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
		running, release := ss.conn.Command(ctx)
		err = ss.run(running, text, cmd)
		release()
	}
	var refusal *rmgr.Error
	var garbage garbled
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &garbage):
		return err
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
