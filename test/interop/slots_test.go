package interop_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// run gives a query's rows as text, or its error.
func run(t *testing.T, c *pgx.Conn, query string) string {
	t.Helper()
	rows, err := c.Query(t.Context(), query, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return failure(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var cells []string
		for _, v := range rows.RawValues() {
			if v == nil {
				v = []byte("NULL")
			}
			cells = append(cells, string(v))
		}
		out = append(out, strings.Join(cells, "|"))
	}
	if rows.Err() != nil {
		return failure(rows.Err())
	}
	return strings.Join(out, "\n")
}

// The same statements, one after the other, say the same on both.
func TestSlotFunctionsSayWhatThePeersSay(t *testing.T) {
	theirs, ours := connectPeer(t), startNode(t).connect()
	long := strings.Repeat("a", 64)
	changes := func(function, slot, more string) string {
		return fmt.Sprintf("SELECT data FROM pg_logical_slot_%s_changes('%s', NULL, NULL, 'include-xids', '0'%s)", function, slot, more)
	}
	for _, query := range []string{
		"SELECT pg_create_physical_replication_slot('Bad')",
		"SELECT pg_create_physical_replication_slot('')",
		"SELECT pg_create_physical_replication_slot(NULL)",
		"SELECT pg_create_physical_replication_slot('p1')",
		"SELECT * FROM pg_create_physical_replication_slot('p1')",
		"SELECT slot_name, lsn IS NULL FROM pg_create_physical_replication_slot('p2', true)",
		"SELECT pg_create_logical_replication_slot('l1', 'nope')",
		"SELECT pg_create_logical_replication_slot('l-1', 'test_decoding')",
		"SELECT pg_create_logical_replication_slot(NULL, 'test_decoding')",
		"SELECT slot_name, lsn IS NULL FROM pg_create_logical_replication_slot('l1', 'test_decoding')",
		"SELECT slot_name FROM pg_create_logical_replication_slot('l1', 'test_decoding')",
		"SELECT pg_replication_slot_advance('p1', '0/1')",
		"SELECT pg_replication_slot_advance('p2', '0/0')",
		"SELECT pg_replication_slot_advance('none', '0/1')",
		"SELECT * FROM pg_logical_slot_get_changes('p2', NULL, NULL)",
		"SELECT * FROM pg_logical_slot_get_changes('none', NULL, NULL)",
		"SELECT * FROM pg_logical_slot_get_changes(NULL, NULL, NULL)",
		"SELECT * FROM pg_logical_slot_get_changes('l1', NULL, NULL, 'a')",
		"SELECT * FROM pg_logical_slot_get_changes('l1', NULL, NULL, 'bogus', '1')",
		"SELECT * FROM pg_logical_slot_get_changes('l1', NULL, NULL, NULL, '1')",
		"SELECT pg_drop_replication_slot('none')",
		"SELECT pg_drop_replication_slot(NULL)",
		"SELECT slot_name, plugin, slot_type, datoid, database, temporary, active, active_pid IS NULL, confirmed_flush_lsn IS NULL, wal_status, safe_wal_size, two_phase FROM pg_replication_slots ORDER BY slot_name",
		"SELECT pg_logical_emit_message(false, 'p', 'at once') IS NULL",
		"SELECT pg_logical_emit_message(true, 'p', 'with its commit') IS NULL",
		changes("peek", "l1", ""),
		changes("peek_binary", "l1", ""),
		changes("peek", "l1", ", 'skip-empty-xacts', '1'"),
		"SELECT count(*) FROM pg_logical_slot_peek_changes('l1', NULL, 1)",
		"SELECT count(*) FROM pg_logical_slot_peek_changes('l1', NULL, 2)",
		"SELECT count(*) FROM pg_logical_slot_peek_changes('l1', '0/1', NULL)",
		changes("get", "l1", ""),
		changes("get", "l1", ""),
		"SELECT pg_drop_replication_slot('l1')",
		"SELECT pg_drop_replication_slot('p1')",
		"SELECT pg_drop_replication_slot('p2')",
		"SELECT count(*) FROM pg_replication_slots",
		"SELECT pg_create_physical_replication_slot('" + long[:63] + "')",
	} {
		if diff := cmp.Diff(run(t, theirs, query), run(t, ours, query)); diff != "" {
			t.Errorf("%s\nPostgreSQL (-) and the node (+) differ:\n%s", query, diff)
		}
	}
}

func wants(t *testing.T, c *pgx.Conn, query, want string) {
	t.Helper()
	if got := run(t, c, query); got != want {
		t.Errorf("%s\ngave %s\nwant %s", query, got, want)
	}
}

const changesOf = "SELECT data FROM pg_logical_slot_get_changes('l', NULL, NULL, 'include-xids', '0')"

func put(key string) string {
	return "BEGIN\ntable public.kv: INSERT: key[text]:'" + key + "' value[text]:'v'\nCOMMIT"
}

func TestChangesThroughSQLGoOnWhereTheyWereTaken(t *testing.T) {
	n := startNode(t)
	c := n.connect()
	run(t, c, "SELECT pg_create_logical_replication_slot('l', 'test_decoding')")
	run(t, c, "SELECT kv_put('a', 'v')")
	run(t, c, "SELECT pg_logical_emit_message(true, 'p', 'm')")
	between := run(t, c, "SELECT pg_current_wal_lsn()")
	run(t, c, "SELECT kv_put('b', 'v')")

	wants(t, c, "SELECT count(*) FROM pg_logical_slot_peek_changes('l', NULL, 1)", "3") // a transaction is not cut
	wants(t, c, "SELECT count(*) FROM pg_logical_slot_peek_changes('l', '"+between+"', NULL)", "6")
	message := "BEGIN\nmessage: transactional: 1 prefix: p, sz: 1 content:m\nCOMMIT"
	wants(t, c, changesOf, put("a")+"\n"+message+"\n"+put("b")) // commit order
	n.kill()
	n.start()
	c = n.connect()
	wants(t, c, changesOf, "")
	run(t, c, "SELECT kv_put('c', 'v')")
	skip := run(t, c, "SELECT pg_current_wal_lsn()")
	run(t, c, "SELECT kv_put('d', 'v')")
	wants(t, c, "SELECT end_lsn >= '"+skip+"' FROM pg_replication_slot_advance('l', '"+skip+"')", "t")
	wants(t, c, changesOf, put("d"))
	wants(t, c, "SELECT pg_replication_slot_advance('l', '0/1') IS NULL",
		"ERROR 55000: cannot advance replication slot to 0/1, minimum is "+run(t, c, "SELECT confirmed_flush_lsn FROM pg_replication_slots")+"\n")
}

func TestATemporarySlotEndsWithItsSession(t *testing.T) {
	n := startNode(t)
	c, other := n.connect(), n.connect()
	run(t, c, "SELECT pg_create_logical_replication_slot('l', 'test_decoding', true)")
	wants(t, other, "SELECT slot_name, temporary FROM pg_replication_slots", "l|t")
	wants(t, other, "SELECT pg_drop_replication_slot('l')", fmt.Sprintf("ERROR 55006: replication slot \"l\" is active for PID %d\n", c.PgConn().PID()))
	if err := c.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for run(t, other, "SELECT count(*) FROM pg_replication_slots") != "0" { // the server hears of the end in its own time
		if t.Context().Err() != nil {
			t.Fatal("the slot stays")
		}
	}
}
