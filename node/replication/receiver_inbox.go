package replication

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/redoubt-wal/redoubt/wal"
)

// An inbox holds what has come from the upstream and is not written yet. One goroutine reads the socket
// into it while another writes and flushes: so each write and each flush takes all that has come,
// and one answer tells of all of it.
type inbox struct {
	mu      sync.Mutex
	next    wal.LSN // where the next log must start
	pending []byte  // log that ends at next
	end     wal.LSN // the upstream's
	heard   time.Time
	told    int // messages so far, from 1 on
	ask     bool
	err     error // why no more comes; errEndOfTimeline with the upstream's CopyDone

	came chan struct{} // capacity 1
	room chan struct{} // capacity 1: pending was taken
}

// read fills the inbox until the stream ends.
func (in *inbox) read(ctx context.Context, c *Client, now func() time.Time) {
	for {
		m, err := c.Receive()
		switch m := m.(type) {
		case nil:
		case *pgproto3.CopyData:
			err = in.take(ctx, m.Data, now())
		case *pgproto3.CopyDone:
			err = errEndOfTimeline
		case *pgproto3.CommandComplete:
			err = errors.New("the upstream is shutting down")
		case *pgproto3.NoticeResponse, *pgproto3.ParameterStatus:
		default:
			err = fmt.Errorf("unexpected message %T in the stream", m)
		}
		if err != nil {
			in.mu.Lock()
			in.err = err
			in.mu.Unlock()
			wake(in.came)
			return
		}
	}
}

// take puts one message into the inbox.
func (in *inbox) take(ctx context.Context, b []byte, now time.Time) error {
	start, data, k, err := parseServer(b)
	if err != nil {
		return err
	}
	in.mu.Lock()
	for len(in.pending)+len(data) > maxPending && len(in.pending) > 0 {
		in.mu.Unlock()
		select {
		case <-in.room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		in.mu.Lock()
	}
	defer in.mu.Unlock()
	if b[0] == 'w' && start != in.next {
		return fmt.Errorf("log comes from %s on, expected %s", start, in.next)
	}
	in.pending = append(in.pending, data...)
	in.next += wal.LSN(len(data))
	in.end, in.heard = k.end, now
	in.told++
	in.ask = in.ask || k.reply
	wake(in.came)
	return nil
}
