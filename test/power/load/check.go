package load

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// CheckRecovered is Check on a node that has just recovered: all that it holds is durable.
func (l *Load) CheckRecovered(ctx context.Context, dial Dialer) error {
	err := l.Check(ctx, dial)
	l.lazy.sure = l.lazy.sent
	return err
}

// Check compares what the node holds with what it has acknowledged, and takes what was in doubt for
// what the node says of it.
func (l *Load) Check(ctx context.Context, dial Dialer) error {
	conn, err := dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	found, err := contents(ctx, conn)
	if err != nil {
		return err
	}
	errs := []error{l.lazy.check(found)}
	total := int64(0)
	for _, c := range l.clients {
		errs = append(errs, c.check(found), c.checkAccounts(ctx, conn))
		total += funds
	}
	for key := range found { // the checks take away what they know
		errs = append(errs, fmt.Errorf("key %s is there and nobody wrote it, or it was deleted", key))
	}
	if sum, err := number(ctx, conn, "SELECT ledger_total()"); err != nil || sum != total {
		errs = append(errs, err, fmt.Errorf("all accounts together have %d, want %d", sum, total))
	}
	return errors.Join(errs...)
}

// contents reads all keys, as a range and one by one.
func contents(ctx context.Context, conn *pgx.Conn) (map[string]string, error) {
	rows, err := conn.Query(ctx, "SELECT * FROM kv_range('', 'z', 1000000)")
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	var key, value string
	if _, err := pgx.ForEachRow(rows, []any{&key, &value}, func() error { found[key] = value; return nil }); err != nil {
		return nil, err
	}
	if n, err := number(ctx, conn, "SELECT kv_count()"); err != nil || n != int64(len(found)) {
		return nil, errors.Join(err, fmt.Errorf("kv_count says %d, a range over all has %d keys", n, len(found)))
	}
	for key, value := range found {
		var alone string
		if err := conn.QueryRow(ctx, "SELECT kv_get($1)", key).Scan(&alone); err != nil || alone != value {
			return nil, errors.Join(err, fmt.Errorf("key %s is %.30q by itself and %.30q in a range", key, alone, value))
		}
	}
	return found, nil
}

func (c *client) check(found map[string]string) error {
	if got, is := found[c.doubtKey]; c.doubtKey != "" && got == c.doubtValue && is == (c.doubtValue != "") {
		c.happened()
	}
	var errs []error
	for key, want := range c.known {
		got, ok := found[key]
		delete(found, key)
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("key %s is lost: %.30q was acknowledged", key, want))
		case got != want:
			errs = append(errs, fmt.Errorf("key %s is %.30q (%d bytes), acknowledged was %.30q (%d bytes), under way %s = %.30q", key, got, len(got), want, len(want), c.doubtKey, c.doubtValue))
		}
	}
	return errors.Join(errs...)
}

func (c *client) checkAccounts(ctx context.Context, conn *pgx.Conn) error {
	defer c.settled()
	sink, err := number(ctx, conn, "SELECT ledger_balance($1)", c.sink())
	if err != nil {
		return err
	}
	source, err := number(ctx, conn, "SELECT ledger_balance($1)", c.source())
	if err != nil {
		return err
	}
	if sink != c.moved && sink != c.moved+c.doubtMove || sink+source != funds {
		return fmt.Errorf("%s has moved %d, perhaps %d more; its accounts have %d and %d", c.name, c.moved, c.doubtMove, source, sink)
	}
	c.moved = sink
	return nil
}

// check looks for the last asynchronous write that is there; all before it must be there too.
func (l *lazy) check(found map[string]string) error {
	last := 0
	for key, v := range found {
		var owner, name string
		var n int
		if !strings.HasPrefix(key, "lazy-") {
			continue
		}
		if _, err := fmt.Sscanf(strings.ReplaceAll(v[:min(len(v), 60)], "|", " "), "%s %s %d", &owner, &name, &n); err != nil {
			return fmt.Errorf("key %s is %.30q: %w", key, v, err)
		}
		last = max(last, n)
	}
	for n := max(1, last-lazySlots+1); n <= last; n++ {
		if got, want := found[lazyKey(n)], value("lazy", lazyKey(n), n); got != want {
			return fmt.Errorf("asynchronous write %d is there, and of write %d there is %.30q", last, n, got)
		}
		delete(found, lazyKey(n))
	}
	if last < l.sure || last > l.sent {
		return fmt.Errorf("the last asynchronous write that is there is %d: %d were there before, %d were sent", last, l.sure, l.sent)
	}
	l.sent = last
	return nil
}

func number(ctx context.Context, conn *pgx.Conn, query string, args ...any) (int64, error) {
	var n int64
	err := conn.QueryRow(ctx, query, args...).Scan(&n)
	return n, err
}
