package pgwire_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/pgwire"
)

func TestWhatPsqlShows(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct{ name, script, want string }{
		{"a constant", `SELECT 1, 'two', true, NULL, 2.5;`, "1|two|t||2.5"},
		{"a function of the module", `SELECT kv_put('a','1');`, "0/1000040"},
		{"what it wrote", `SELECT kv_get('a');`, "1"},
		{"NULL for a key that is not there", `\pset null (null)` + "\n" + `SELECT kv_get('nothing');`, "(null)"},
		{"a strict function is not called with NULL", `\pset null (null)` + "\n" + `SELECT kv_put(NULL, 'x');`, "(null)"},
		{"rows of a function", `SELECT kv_put('b','2'); SELECT * FROM kv_range('a','z',10);`, "0/1000080\na|1\nb|2"},
		{"columns in another order, with a condition", `SELECT value AS v, key FROM kv_range('a','z') WHERE key > 'a' AND value = '2';`, "2|b"},
		{"order and limit", `SELECT key FROM kv_range('a','z') ORDER BY value DESC LIMIT 1;`, "b"},
		{"aggregates", `SELECT count(*), min(key), max(value), sum(value::int) FROM kv_range('a','z');`, "2|a|2|3"},
		{"calls in calls", `SELECT kv_put('c', kv_get('a') || '-' || kv_get('b')); SELECT kv_get('c');`, "0/10000C0\n1-2"},
		{"arithmetic and casts", `SELECT 1 + 2 * 3, -5::bigint, '7'::int + 1, CAST(3 AS text) || 'x', 7 / 2, 7 % 4;`, "7|-5|8|3x|3|3"},
		{"LSN arithmetic", `SELECT '0/1000040'::pg_lsn - '0/1000000'::pg_lsn, pg_wal_lsn_diff('0/2', '0/1');`, "64|1"},
		{"settings", `SHOW server_version; SET application_name = 'me'; SHOW application_name; SELECT current_setting('port');`, "15.18 (Redoubt)\nme\n5432"},
		{"SHOW with a unit", `SET statement_timeout = '2s'; SHOW statement_timeout;`, "2s"},
		{"a transaction block around reads", `BEGIN; SELECT kv_get('a'); COMMIT;`, "1"},
		{"the session's functions", `SELECT current_user, current_database(), pg_is_in_recovery(), inet_server_addr();`, "app|app|f|127.0.0.1"},
		{"sets in the select list", `SELECT generate_series(1, 3);`, "1\n2\n3"},
		{"a call for each row of a source", `SELECT g, length(repeat('x', g::int)) FROM generate_series(2, 3) g;`, "2|2\n3|3"},
		{"a call for each row of its own manager does not wait for itself", `SELECT kv_get(key) FROM kv_range('a','c');`, "1\n2"},
		{"a view", `SELECT state, usename FROM pg_stat_activity WHERE pid = pg_backend_pid();`, "active|app"},
		{"CREATE EXTENSION of a loaded module", `CREATE EXTENSION IF NOT EXISTS kv; CREATE EXTENSION kv; SELECT 1;`, `NOTICE:  extension "kv" already exists, skipping` + "\n1"},
		{"now() is one in a block", "BEGIN; SELECT now() AS a \\gset\nSELECT now() = :'a'::timestamptz, statement_timestamp() > :'a'::timestamptz, clock_timestamp() > statement_timestamp(); COMMIT; SELECT now() > :'a'::timestamptz;", "t|t|t\nt"},
		{"sessions as others see them", `BEGIN; SELECT xact_start = now(), query_start > xact_start FROM pg_stat_activity WHERE pid = pg_backend_pid(); COMMIT;`, "t|t"},
		{"PREPARE and EXECUTE", `PREPARE p (text) AS SELECT kv_get($1); EXECUTE p('a'); EXECUTE p('b'); DEALLOCATE p;`, "1\n2"},
		{"CHECKPOINT and an empty statement", `CHECKPOINT; ; SELECT 'done';`, "done"},
		{"strings", `SELECT 'it''s', E'a\tb\x41', $$dollar$$;`, "it's|a\tbA|dollar"},
		{"pg_catalog is tolerated", `SELECT pg_catalog.set_config('search_path', '', false); SELECT pg_catalog.version();`, "\nPostgreSQL 15.18 (Redoubt test)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.psql(t, c.script); got != strings.TrimSpace(c.want) {
				t.Errorf("psql printed\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestWhatPsqlShowsOfErrors(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct{ name, script, want string }{
		{"a syntax error shows its place", "SELECT 1 +;", `ERROR:  42601: syntax error at or near ";"
LINE 1: SELECT 1 +;
                  ^`},
		{"what a node has not is named", "INSERT INTO t VALUES (1);", `ERROR:  0A000: INSERT is not supported
LINE 1: INSERT INTO t VALUES (1);
        ^
HINT:  There are no tables here: data is read and written by the functions of the loaded modules, as in SELECT kv_put('a','1').`},
		{"no such function", "SELECT nothing(1, 'x');", `ERROR:  42883: function nothing(integer, unknown) does not exist
LINE 1: SELECT nothing(1, 'x');
               ^
HINT:  No function matches the given name and argument types. You might need to add explicit type casts. A module's functions exist while preload_modules lists the module.`},
		{"wrong number of arguments", "SELECT kv_put('x');", `ERROR:  42883: function kv_put(unknown) does not exist
LINE 1: SELECT kv_put('x');
               ^
HINT:  There is kv_put(key text, value text) returns pg_lsn. You might need to add explicit type casts.`},
		{"a literal that is no number", "SELECT * FROM kv_range('a', 'b', 'many');", `ERROR:  22P02: invalid input syntax for type integer: "many"
LINE 1: SELECT * FROM kv_range('a', 'b', 'many');
                                         ^`},
		{"no such relation", "SELECT * FROM pg_catalog.pg_casts;", `ERROR:  42P01: relation "pg_casts" does not exist
LINE 1: SELECT * FROM pg_catalog.pg_casts;
                      ^
HINT:  There are no tables here: data is read and written by the functions of the loaded modules, as in SELECT kv_put('a','1').`},
		{"no such type", "SELECT nosuch 'x'; PREPARE p (int, nosuch) AS SELECT $1;", `ERROR:  42704: type "nosuch" does not exist
LINE 1: SELECT nosuch 'x';
               ^
ERROR:  42704: type "nosuch" does not exist
LINE 1: PREPARE p (int, nosuch) AS SELECT $1;
                        ^`},
		{"no such column", "SELECT nope FROM kv_range('a','b');", `ERROR:  42703: column "nope" does not exist
LINE 1: SELECT nope FROM kv_range('a','b');
               ^
HINT:  kv_range has the columns key, value.`},
		{"a function's error with all its fields", "SELECT fail('12345','the message','the detail','the hint');", `ERROR:  12345: the message
DETAIL:  the detail
HINT:  the hint`},
		{"a setting of the node", "SET port = 1;", `ERROR:  55P02: parameter "port" cannot be changed now
LINE 1: SET port = 1;
            ^
HINT:  It is a setting of the node: change it in redoubt.conf or the cluster's spec.`},
		{"two writing calls in a statement", "SELECT kv_put('a','1'), kv_put('b','2');", `ERROR:  0A000: a statement can hold only one writing call: kv_put and kv_put
LINE 1: SELECT kv_put('a','1'), kv_put('b','2');
                                ^
HINT:  One call is one atomic action. Use two statements.`},
		{"a module that is built in but off", "CREATE EXTENSION ledger;", `ERROR:  55000: module "ledger" is not loaded
LINE 1: CREATE EXTENSION ledger;
                         ^
HINT:  List it in preload_modules (spec.modules of the WALCluster) and restart the node.`},
		{"a write in a read-only transaction", "BEGIN READ ONLY; SELECT kv_put('a','1'); SELECT 1; ROLLBACK;", `ERROR:  25006: cannot execute kv_put() in a read-only transaction
ERROR:  25P02: current transaction is aborted, commands ignored until end of transaction block`},
		{"a second write in a block, and what ROLLBACK cannot do", "BEGIN; SELECT kv_put('a','1'); SELECT kv_put('b','1'); ROLLBACK; SELECT kv_get('a'), kv_get('b');", `0/1000040
ERROR:  0A000: a transaction block can hold only one writing call: kv_put() has already run
DETAIL:  Each call is an atomic action of its own and takes effect at once.
HINT:  Run writing calls outside of transaction blocks.
WARNING:  01000: the write of kv_put() is not undone
DETAIL:  Each call is an atomic action of its own and takes effect at once; a transaction block cannot take it back.
1|`},
		{"a parameter in the simple protocol", "SELECT $1;", "ERROR:  42P02: there is no parameter $1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, s.psql(t, `\set VERBOSITY verbose`+"\n"+c.script)); diff != "" {
				t.Errorf("psql printed (-want +got)\n%s", diff)
			}
		})
	}
}

func TestPsqlOfOneStringStopsAtTheFirstError(t *testing.T) {
	s := serve(t, nil)
	got := run(t, "", nil, "psql", "-XAt", "-d", s.conninfo(""), "-c", "SELECT kv_put('m','1'); SELECT nothing(); SELECT kv_put('n','1')")
	want := "0/1000040\nERROR:  function nothing() does not exist\nLINE 1: SELECT kv_put('m','1'); SELECT nothing(); SELECT kv_put('n',...\n                                       ^\n" +
		"HINT:  No function matches the given name and argument types. You might need to add explicit type casts. A module's functions exist while preload_modules lists the module.\nexit 1"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("psql printed (-want +got)\n%s", diff)
	}
	if got := s.psql(t, "SELECT kv_get('m'), kv_get('n')"); got != "1|" {
		t.Errorf("after it m and n are %q, want only m", got)
	}
}

func TestPsqlOverASocketAndItsCommands(t *testing.T) {
	s := serve(t, nil)
	got := run(t, "\\conninfo\n\\dt\n\\dC\n\\echo after\n", nil, "psql", "-XAt", "-h", s.dir, "-p", s.port, "-U", "me", "db")
	for _, want := range []string{`You are connected to database "db" as user "me" via socket in "` + s.dir, "Did not find any relations.", `ERROR:  relation "pg_cast" does not exist`, "after"} {
		if !strings.Contains(got, want) {
			t.Errorf("psql printed %q, which lacks %q", got, want)
		}
	}
}

// psql asks the system catalog with joins, CASE, patterns and subqueries.
func TestPsqlDescribesWhatIsThere(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct{ name, command, want string }{
		{"databases", `\l`, "app|app|UTF8|C|C||libc|"},
		{"roles", `\du`, "app|Superuser, Replication|{}"},
		{"extensions", `\dx`, "kv|1.2.0|public|"},
		{"schemas", `\dn`, "public|app"},
		{"functions of modules", `\df`, `public|fail|text|code text, message text, detail text, hint text|func
public|kv_get|text|key text|func
public|kv_put|pg_lsn|key text, value text|func
public|kv_range|TABLE(key text, value text)|"from" text, "to" text, lim integer DEFAULT 100|func`},
		{"functions of a name", `\df pg_wal_lsn_*`, "pg_catalog|pg_wal_lsn_diff|numeric|lsn1 pg_lsn, lsn2 pg_lsn|func"},
		{"types of users", `\dT`, ""},
		{"types of a name", `\dT *_lsn`, "pg_catalog|pg_lsn|"},
		{"types of the system, in full", `\dT+ int[48]`, "pg_catalog|bigint|int8|8||app||\npg_catalog|integer|int4|4||app||"},
		{"tablespaces", `\db`, "pg_default|app|\npg_global|app|"},
		{"tablespaces of a name", `\db *glob*`, "pg_global|app|"},
		{"privileges", `\dp`, "public|redoubt_functions|view|||"},
		{"indexes", `\di`, ""},
		{"indexes of a name", `\di nothing`, ""},
		{"relations", `\d`, "public|redoubt_functions|view|app"},
		{"views of PostgreSQL", `\dvS pg_stat_a*`, "pg_catalog|pg_stat_activity|view|app\npg_catalog|pg_stat_archiver|view|app"},
		{"a view", `\d redoubt_functions`, "name|text|||\nsignature|text|||\nwrites|boolean|||"},
		{"types of columns", `\d pg_am`, "oid|oid|||\namname|name|||\namhandler|regproc|||\namtype|\"char\"|||"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, s.psql(t, c.command)); diff != "" {
				t.Errorf("psql printed (-want +got)\n%s", diff)
			}
		})
	}
}

func TestABigResultArrivesWhole(t *testing.T) {
	s := serve(t, func(o *pgwire.Options) { o.ResultBuffer = 10000 })
	const n = 200_000
	if got := run(t, "", nil, "psql", "-XAt", "-d", s.conninfo(""), "-c", "SELECT g, repeat('x', 20) FROM generate_series(1, "+strconv.Itoa(n)+") g"); strings.Count(got, "\n") != n-1 || !strings.HasSuffix(got, "200000|"+strings.Repeat("x", 20)) {
		t.Errorf("psql printed %d lines", strings.Count(got, "\n")+1)
	}
	if got := s.psql(t, "SELECT count(*), sum(g) FROM generate_series(1, 1000000) g"); got != "1000000|500000500000" {
		t.Errorf("the count is %s", got)
	}
}

func TestPsqlFetchesAPartAtATime(t *testing.T) {
	s := serve(t, nil)
	got := s.psql(t, "\\set FETCH_COUNT 10\nSELECT generate_series(1, 25);")
	if !strings.Contains(got, "DECLARE") || !strings.Contains(got, "not supported") {
		t.Errorf("psql with FETCH_COUNT uses cursors; it printed %q, want a refusal that names DECLARE", got)
	}
}

func TestStartupOptionsAreSettings(t *testing.T) {
	s := serve(t, nil)
	env := []string{"PGOPTIONS=-c synchronous_commit=remote_apply --statement-timeout=5min", "PGTZ=Europe/Berlin", "PGAPPNAME=the app"}
	got := run(t, "SHOW synchronous_commit; SHOW statement_timeout; SHOW timezone; SHOW application_name; SET synchronous_commit = off; RESET synchronous_commit; SHOW synchronous_commit; SELECT kv_put('a','1')",
		env, "psql", "-XAtq", "-d", s.conninfo(""))
	if diff := cmp.Diff("remote_apply\n5min\nUTC\nthe app\nremote_apply\n0/1000040", got); diff != "" {
		t.Errorf("psql printed (-want +got)\n%s", diff)
	}
	if got := s.committed(); !cmp.Equal(got, []string{"remote_apply"}) {
		t.Errorf("commits at levels %v, want remote_apply", got)
	}
	if got := run(t, "", []string{"PGOPTIONS=-c no_such=1"}, "psql", "-XAt", "-d", s.conninfo(""), "-c", "SELECT 1"); !strings.Contains(got, `FATAL:  unrecognized configuration parameter "no_such"`) {
		t.Errorf("psql printed %q", got)
	}
}

func TestWritesOnAStandbyFail(t *testing.T) {
	s := serve(t, nil)
	s.recovery.Store(true)
	got := s.psql(t, "\\set VERBOSITY verbose\nSELECT kv_put('a','1'); SELECT pg_is_in_recovery(); SHOW in_hot_standby;")
	if got != "ERROR:  25006: cannot execute kv_put() during recovery\nt\non" {
		t.Errorf("psql printed %q", got)
	}
	ready := run(t, "", nil, "psql", "-XAt", "-d", s.conninfo("target_session_attrs=read-write"), "-c", "SELECT 1")
	if !strings.Contains(ready, "session is read-only") {
		t.Errorf("a client that wants a primary saw %q", ready)
	}
}
