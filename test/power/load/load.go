package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/jackc/pgx/v5"
)

// A Load is a number of writers and what they know. Run and Check must not be called concurrently.
type Load struct {
	clients []*client
	lazy    lazy
}

// New makes a load of n synchronous clients.
func New(n int) *Load {
	l := &Load{}
	for i := range n {
		l.clients = append(l.clients, newClient(i))
	}
	return l
}

// A Dialer opens sessions.
type Dialer func(context.Context) (*pgx.Conn, error)

// lazily opens a session whose commits do not wait for the disk.
func (d Dialer) lazily(ctx context.Context) (*pgx.Conn, error) {
	conn, err := d(ctx)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "SET synchronous_commit = off")
	return conn, err
}

// Prepare opens the accounts on a fresh node.
func (l *Load) Prepare(ctx context.Context, dial Dialer) error {
	conn, err := dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, c := range l.clients {
		if err := c.open(ctx, conn); err != nil {
			return err
		}
	}
	return nil
}

// Run makes each client write steps times, or with 0 until it meets an error; lazy one and keeper go on
// as long as a client does. A writer ends with its first error, whose call is of unknown fate
// unless it was refused; Run returns these.
func (l *Load) Run(dial Dialer, seed uint64, steps int) []error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var mu sync.Mutex
	var errs []error
	begin := func(group *sync.WaitGroup, name string, w writer) {
		group.Go(func() {
			if err := w.write(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	var clients, others sync.WaitGroup
	pace, turns := newPace(), newPace()
	for i, c := range l.clients {
		c.acked = 0
		begin(&clients, c.name, writer{dial, rand.New(rand.NewPCG(seed, uint64(i))), steps, func(ctx context.Context, conn *pgx.Conn, r *rand.Rand) error {
			pace.give()
			turns.give()
			return c.step(ctx, conn, r)
		}})
	}
	begin(&others, "lazy", writer{dial.lazily, nil, 0, func(_ context.Context, conn *pgx.Conn, _ *rand.Rand) error {
		if !pace.take(ctx, 1) {
			return nil
		}
		return l.lazy.step(context.WithoutCancel(ctx), conn)
	}})
	begin(&others, "keeper", writer{dial, rand.New(rand.NewPCG(seed, 1000)), 0, func(_ context.Context, conn *pgx.Conn, r *rand.Rand) error {
		if !turns.take(ctx, 20+r.IntN(200)) {
			return nil
		}
		return keep(context.WithoutCancel(ctx), conn, r)
	}})
	clients.Wait()
	stop()
	others.Wait()
	return errs
}

// A writer is a session that makes steps.
type writer struct {
	dial  Dialer
	rand  *rand.Rand
	steps int // 0: until ctx ends
	step  func(context.Context, *pgx.Conn, *rand.Rand) error
}

// write makes steps until one fails, ctx ends or they are done. A step is never interrupted.
func (w writer) write(ctx context.Context) error {
	whole := context.WithoutCancel(ctx)
	conn, err := w.dial(whole)
	if err != nil {
		return err
	}
	defer conn.Close(whole)
	for n := 0; ctx.Err() == nil && (w.steps == 0 || n < w.steps); n++ {
		if err := w.step(whole, conn, w.rand); err != nil {
			return err
		}
	}
	return nil
}

// keep makes a checkpoint or goes to the next segment.
func keep(ctx context.Context, conn *pgx.Conn, r *rand.Rand) error {
	statement := "CHECKPOINT"
	if r.IntN(3) == 0 {
		statement = "SELECT pg_switch_wal()"
	}
	_, err := conn.Exec(ctx, statement)
	return err
}

// Acked is how many writes of the synchronous clients were acknowledged in the last Run.
func (l *Load) Acked() int {
	sum := 0
	for _, c := range l.clients {
		sum += c.acked
	}
	return sum
}
