package crash_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const (
	clients  = 6
	accounts = 10
	balance  = 1000
)

// A load is clients that each put keys of their own in order, and move money between accounts; it
// remembers what was acknowledged.
type load struct {
	t     *testing.T
	next  [clients]int // keys 0 to next-1 of a client were acknowledged, or found after a crash
	first [clients]int // next at the beginning of the round
	total int64        // acknowledged writes in all rounds
}

func keyOf(client, i int) string { return fmt.Sprintf("c%d/%08d", client, i) }

// valueOf is long enough for pages to split and different for each key.
func valueOf(client, i int) string {
	return strings.Repeat(strconv.Itoa(client*1_000_003+i*7919)+".", 2+i%40)
}

// prepare opens the accounts of a new cluster.
func (l *load) prepare(s *server) {
	for i := range accounts {
		s.query("SELECT ledger_open($1, $2)", "a"+strconv.Itoa(i), int64(balance))
	}
}

// runUntil lets the clients write until n writes are acknowledged, and then calls end, which kills the
// server: every client ends with the error that this brings.
func (l *load) runUntil(s *server, n int64, end func()) {
	l.t.Helper()
	var acked atomic.Int64
	var once sync.Once
	var all sync.WaitGroup
	l.first = l.next
	for c := range clients {
		all.Go(func() {
			err := l.client(s, c, func() {
				if acked.Add(1) >= n {
					once.Do(end)
				}
			})
			if acked.Load() < n {
				l.t.Errorf("client %d stopped after %d of %d acknowledgements: %v", c, acked.Load(), n, err)
				once.Do(end)
			}
		})
	}
	all.Wait()
	l.total += acked.Load()
}

// client writes until it gets an error.
func (l *load) client(s *server, c int, acknowledged func()) error {
	ctx := l.t.Context()
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	for n := 0; ; n++ {
		i := l.next[c]
		if _, err := conn.Exec(ctx, "SELECT kv_put($1, $2)", keyOf(c, i), valueOf(c, i)); err != nil {
			return err
		}
		l.next[c]++
		acknowledged()
		statement := ""
		switch {
		case n%3 == 0:
			statement = fmt.Sprintf("SELECT ledger_transfer('a%d', 'a%d', %d)", (c+n)%accounts, (c+3*n+1)%accounts, 1+n%3)
		case c == 0 && n%50 == 40:
			statement = "CHECKPOINT"
		case c == 1 && n%70 == 50:
			statement = "SELECT pg_switch_wal()"
		default:
			continue
		}
		if _, err := conn.Exec(ctx, statement); err != nil && !refused(err) {
			return err
		}
	}
}

// refused reports whether a transfer was turned down for what it asks, as an overdraft.
func refused(err error) bool {
	return strings.Contains(err.Error(), "insufficient") || strings.Contains(err.Error(), "same account")
}

// check compares a server with what was acknowledged: the keys of this round, or all of them.
func (l *load) check(s *server, all bool) {
	l.t.Helper()
	keys := 0
	for c := range clients {
		from := l.first[c]
		if all {
			from = 0
		}
		i := from
		for _, row := range s.query("SELECT key, value FROM kv_range($1, $2, 10000000)", keyOf(c, from), keyOf(c, 99_999_999)) {
			if row[0] != keyOf(c, i) || row[1] != valueOf(c, i) {
				l.t.Fatalf("found %s = %.40s, want %s = %.40s", row[0], row[1], keyOf(c, i), valueOf(c, i))
			}
			i++
		}
		if i < l.next[c] || i > l.next[c]+1 {
			l.t.Fatalf("client %d: keys up to %d are there, %d were acknowledged", c, i, l.next[c])
		}
		l.next[c] = i
		keys += i
	}
	if got := s.query("SELECT kv_count()")[0][0]; got != strconv.Itoa(keys) {
		l.t.Fatalf("kv_count is %s, want %d", got, keys)
	}
	if got := s.query("SELECT ledger_total()")[0][0]; got != strconv.Itoa(accounts*balance) {
		l.t.Fatalf("ledger_total is %s, want %d", got, accounts*balance)
	}
}
