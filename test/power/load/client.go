package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// slots is how many keys a client has, and funds what its first account begins with.
const (
	slots = 60
	funds = 1_000_000_000
)

// A client writes with synchronous commits.
type client struct {
	name  string
	n     int               // its writes so far
	known map[string]string // acknowledged
	moved int64             // acknowledged transfers

	// Of the call under way, what there will be if it has taken effect; at most one is set.
	doubtKey, doubtValue string // value "": deleted
	doubtMove            int64

	acked int // since Begin
}

func newClient(i int) *client {
	return &client{name: fmt.Sprintf("c%d", i), known: map[string]string{}}
}

func (c *client) source() string { return c.name + "-source" }
func (c *client) sink() string   { return c.name + "-sink" }

// open opens the accounts: two calls, so it cannot be cut in half without being noticed. It is called
// once, on a disk that works.
func (c *client) open(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "SELECT ledger_open($1, $2)", c.source(), int64(funds)); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "SELECT ledger_open($1, 0)", c.sink())
	return err
}

// step makes one write. The fate of the call is unknown if it returns an error, unless it was refused.
func (c *client) step(ctx context.Context, conn *pgx.Conn, r *rand.Rand) error {
	c.n++
	key := fmt.Sprintf("%s-%d", c.name, r.IntN(slots))
	var err error
	switch kind := r.IntN(20); {
	case kind < 12:
		c.doubtKey, c.doubtValue = key, value(c.name, key, c.n)
		_, err = conn.Exec(ctx, "SELECT kv_put($1, $2)", key, c.doubtValue)
	case kind < 14:
		c.doubtKey, c.doubtValue = key, ""
		_, err = conn.Exec(ctx, "SELECT kv_delete($1)", key)
	case kind < 19:
		c.doubtMove = 1 + r.Int64N(100)
		_, err = conn.Exec(ctx, "SELECT ledger_transfer($1, $2, $3)", c.source(), c.sink(), c.doubtMove)
	default:
		_, err = conn.Exec(ctx, "SELECT pg_logical_emit_message(true, 'power', $1)", value(c.name, "message", c.n))
	}
	if refused(err) {
		c.settled()
	}
	if err != nil {
		return err
	}
	c.acked++
	c.happened()
	return nil
}

// happened takes what was in doubt for what is.
func (c *client) happened() {
	switch {
	case c.doubtKey == "":
	case c.doubtValue == "":
		delete(c.known, c.doubtKey)
	default:
		c.known[c.doubtKey] = c.doubtValue
	}
	c.moved += c.doubtMove
	c.settled()
}

// settled forgets what was in doubt.
func (c *client) settled() { c.doubtKey, c.doubtValue, c.doubtMove = "", "", 0 }

// A lazy writer does not wait for its commits.
type lazy struct {
	sent int // writes begun
	sure int // durable at the last check of a node that had recovered
}

const lazySlots = 64

func lazyKey(n int) string { return fmt.Sprintf("lazy-%d", n%lazySlots) }

func (l *lazy) step(ctx context.Context, conn *pgx.Conn) error {
	l.sent++
	_, err := conn.Exec(ctx, "SELECT kv_put($1, $2)", lazyKey(l.sent), value("lazy", lazyKey(l.sent), l.sent))
	if refused(err) {
		l.sent--
	}
	return err
}

// refused reports whether a call has certainly had no effect, because the disk was full.
func refused(err error) bool {
	var answer *pgconn.PgError
	return errors.As(err, &answer) && answer.Code == "53100"
}
