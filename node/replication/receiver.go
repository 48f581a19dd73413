package replication

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
)

// Received is where a Receiver puts the log: the node's own. The Receiver is its only writer while
// it runs.
type Received interface {
	// History is that of the timeline followed last; the log here may end before its last fork.
	History() wal.History

	// End is how far log was received, Flushed how far it is durable, Applied how far replayed.
	End() wal.LSN
	Flushed() wal.LSN
	Applied() wal.LSN

	// AppliedChanged returns a channel that is closed when Applied advances.
	AppliedChanged() <-chan struct{}

	// Follow says that the log received from now on is of another timeline, whose history file is durable
	// here before Follow returns. An error that is ErrDiverged: what is here is not part of it.
	Follow(tli wal.TimelineID, historyFile []byte) error

	// Begin says where the log received next begins, and on which timeline. What is here behind at is
	// given up.
	Begin(at wal.LSN, tli wal.TimelineID) error

	// Receive appends log of timeline tli from at on; FlushReceived makes it durable.
	Receive(at wal.LSN, tli wal.TimelineID, data []byte) error
	FlushReceived() (wal.LSN, error)
}

// ReceiverOptions say whom to follow and with what.
type ReceiverOptions struct {
	Upstream Upstream
	Slot     string // on the upstream, made there if it is missing; "" for none
	SystemID uint64 // refused if the upstream's differs; 0: any
	Log      Received
	Now      func() time.Time
	Logger   *slog.Logger

	// Promise is the timeline below which no upstream is followed. It is asked at every connection,
	// before anything is streamed.
	Promise func() wal.TimelineID

	StatusInterval time.Duration // wal_receiver_status_interval; 0: no answer for the sake of time alone
	Timeout        time.Duration // wal_receiver_timeout; 0: 60 s, negative: never
	RetryInterval  time.Duration // longest wait before connecting again; 0: 5 s

	// AnswerWrites sends an answer before the flush as well, for primaries whose commits wait with
	// remote_write. It costs every batch a message.
	AnswerWrites bool

	// Changed, if not nil, is called after each change of Status that people care about: connected,
	// streaming, lost, failed. Not concurrently; it must not call the Receiver.
	Changed func(ReceiverStatus)
}

// A ReceiverStatus is what a Receiver is doing.
type ReceiverStatus struct {
	Streaming        bool
	Upstream         string         // address
	UpstreamTimeline wal.TimelineID // the upstream's own; 0 before the first connection
	UpstreamEnd      wal.LSN        // of its log, as it said last
	LastMessage      time.Time      // when something came last
	Err              error          // why it is not streaming; wraps ErrDiverged, ErrFenced, …
}

var (
	// ErrFenced says that the upstream's timeline is below the node's promise.
	ErrFenced = errors.New("upstream is fenced off")
	// ErrWrongSystem says that the upstream is of another cluster.
	ErrWrongSystem = errors.New("upstream belongs to another cluster")
	// ErrRemoved says that the upstream no longer has the log that is needed here. It may come back from
	// another upstream; otherwise the node has to be cloned anew.
	ErrRemoved = errors.New("upstream no longer has the log that follows")
)

// A DivergedError says that the log here is not a part of the upstream's. The Receiver has stopped.
type DivergedError struct {
	Timeline, Upstream wal.TimelineID
	End                wal.LSN // of the log here
	Fork               wal.LSN // up to here both are the same; 0 if they share nothing
}

// ErrDiverged is wrapped by every DivergedError.
var ErrDiverged = errors.New("log has diverged from the upstream's")

func (e *DivergedError) Error() string {
	return fmt.Sprintf("%v: the log here ends at %s on timeline %d, the upstream's timeline %d left it at %s", ErrDiverged, e.End, e.Timeline, e.Upstream, e.Fork)
}

func (e *DivergedError) Unwrap() error { return ErrDiverged }

// A Receiver follows an upstream until it is stopped. Any goroutine may call its methods.
type Receiver struct {
	opts   ReceiverOptions
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	status ReceiverStatus
}

// StartReceiver begins to follow. It connects again after every failure except two that no retry can
// mend: divergence, and a failure of the node's own log.
func StartReceiver(o ReceiverOptions) *Receiver {
	ctx, cancel := context.WithCancel(context.Background())
	r := &Receiver{opts: o.withDefaults(), cancel: cancel, done: make(chan struct{})}
	r.status.Upstream = o.Upstream.Addr
	go r.run(ctx)
	return r
}

func (o ReceiverOptions) withDefaults() ReceiverOptions {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Timeout == 0 {
		o.Timeout = 60 * time.Second
	}
	if o.RetryInterval == 0 {
		o.RetryInterval = 5 * time.Second
	}
	if o.Promise == nil {
		o.Promise = func() wal.TimelineID { return 0 }
	}
	if o.Changed == nil {
		o.Changed = func(ReceiverStatus) {}
	}
	return o
}

// Stop ends the stream. When it has returned, the connection is closed, what was received is
// flushed, and nothing more is written to the log.
func (r *Receiver) Stop() {
	r.cancel()
	<-r.done
}

// Done is closed when the Receiver has ended by itself or was stopped.
func (r *Receiver) Done() <-chan struct{} { return r.done }

// Status is what the Receiver is doing now.
func (r *Receiver) Status() ReceiverStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// firstRetry is the shortest wait before connecting again; it doubles up to RetryInterval.
const firstRetry = 100 * time.Millisecond

func (r *Receiver) run(ctx context.Context) {
	defer close(r.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for wait := firstRetry; ; wait = min(2*wait, r.opts.RetryInterval) {
		came, err := r.follow(ctx)
		if ctx.Err() != nil {
			r.change(func(s *ReceiverStatus) { s.Streaming = false })
			return
		}
		r.change(func(s *ReceiverStatus) { s.Streaming, s.Err = false, err })
		if errors.Is(err, ErrDiverged) || errors.Is(err, segment.ErrFailed) || errors.Is(err, segment.ErrClosed) {
			r.opts.Logger.Error("streaming has ended for good", "upstream", r.opts.Upstream.Addr, "reason", err)
			return
		}
		if came {
			wait = firstRetry
		}
		r.opts.Logger.Info("streaming ended, will connect again", "upstream", r.opts.Upstream.Addr, "reason", err, "duration", wait)
		timer.Reset(min(wait, r.opts.RetryInterval))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// change changes the status and tells of it.
func (r *Receiver) change(fn func(*ReceiverStatus)) {
	r.mu.Lock()
	fn(&r.status)
	now := r.status
	r.mu.Unlock()
	r.opts.Changed(now)
}

// follow streams over one connection until it fails. came: it brought some log.
func (r *Receiver) follow(ctx context.Context) (came bool, err error) {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	slow := time.AfterFunc(r.patience(), func() { giveUp(fmt.Errorf("the upstream did not answer within %s", r.patience())) })
	defer slow.Stop()
	defer func() {
		if err != nil && ctx.Err() != nil { // the connection was closed for it
			err = context.Cause(ctx)
		}
	}()
	c, err := Connect(ctx, r.opts.Upstream)
	if err != nil {
		return false, err
	}
	defer c.Close()
	var before plan
	for {
		p, err := r.negotiate(c)
		if err != nil {
			return came, err
		}
		if p == before {
			return came, fmt.Errorf("the upstream ended timeline %d at %s, where it has more", p.timeline, p.from)
		}
		before = p
		more, err := r.stream(ctx, c, p, slow)
		came = came || more
		if refusal, ok := errors.AsType[*rmgr.Error](err); ok && refusal.Code == "58P01" {
			err = fmt.Errorf("%w: %w", ErrRemoved, err)
		}
		if err != nil {
			return came, err
		}
	}
}

// patience is how long setting up a stream may take, and taking leave of one whose timeline has ended
// together with setting up the next.
func (r *Receiver) patience() time.Duration {
	if r.opts.Timeout > 0 {
		return r.opts.Timeout
	}
	return 60 * time.Second
}
