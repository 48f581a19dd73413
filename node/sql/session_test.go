package sql_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
)

// Each story is a list of statements with what each gives.
func TestTransactionBlocks(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []string // statement, what it gives, …
	}{
		{"a write takes effect at once, ROLLBACK says that it cannot undo it", []string{"BEGIN", "", "SELECT put('a')", "a", "ROLLBACK", "WARNING 01000"}},
		{"a second write is refused and fails the block", []string{
			"BEGIN", "", "SELECT put('a')", "a", "SELECT put('b')", "0A000: a transaction block can hold only one writing call: put() has already run",
			"SELECT 1", "25P02: current transaction is aborted, commands ignored until end of transaction block", "COMMIT", "WARNING 01000", "SELECT put('b')", "b",
		}},
		{"a block of reads", []string{"START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", "", "SELECT lax(1)", "1", "END", ""}},
		{"a read-only block refuses writes", []string{"BEGIN READ ONLY", "", "SELECT put('a')", "25006: cannot execute put() in a read-only transaction", "ABORT", ""}},
		{"SET TRANSACTION", []string{"BEGIN", "", "SET TRANSACTION READ ONLY", "", "SHOW transaction_read_only", "on", "ROLLBACK", "", "SHOW transaction_read_only", "off"}},
		{"the session's default", []string{"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "", "SELECT put('a')", "25006: cannot execute put() in a read-only transaction", "SHOW default_transaction_read_only", "on"}},
		{"the isolation level asked for", []string{
			"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", "", "SHOW transaction_isolation", "repeatable read", "SHOW TRANSACTION ISOLATION LEVEL", "repeatable read",
			"SELECT current_setting('transaction_read_only')", "on", "COMMIT", "", "SHOW transaction_isolation", "read committed",
		}},
		{"by SET TRANSACTION", []string{
			"BEGIN", "", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "", "SHOW transaction_isolation", "serializable", "SET transaction_isolation = 'read uncommitted'", "",
			"SHOW transaction_isolation", "read uncommitted", "ROLLBACK", "", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "WARNING 25P01", "SHOW transaction_isolation", "read committed",
		}},
		{"by default", []string{
			"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE", "", "SHOW default_transaction_isolation", "serializable", "SHOW transaction_isolation", "serializable",
			"START TRANSACTION", "", "SHOW transaction_isolation", "serializable", "END", "", "RESET default_transaction_isolation", "", "SHOW transaction_isolation", "read committed",
		}},
		{"modes that come too late", []string{
			"BEGIN READ ONLY", "", "SELECT 1", "1", "SET TRANSACTION READ WRITE", "25001: transaction read-write mode must be set before any query", "ROLLBACK", "",
			"BEGIN", "", "SELECT 1", "1", "SET TRANSACTION READ ONLY", "", "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "",
			"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "25001: SET TRANSACTION ISOLATION LEVEL must be called before any query", "ROLLBACK", "",
			"BEGIN READ ONLY", "", "SET transaction_read_only = off", "", "SELECT put('a')", "a", "COMMIT", "",
		}},
		{"modes that are none", []string{"SET transaction_isolation = 'total'", `22023: invalid value for parameter "transaction_isolation": "total"`}},
		{"blocks that are none", []string{"COMMIT", "WARNING 25P01", "BEGIN", "", "BEGIN", "WARNING 25001", "COMMIT", ""}},
		{"SET goes back with the block", []string{"BEGIN", "", "SET my.var = 1", "", "SHOW my.var", "1", "ROLLBACK", "", "SHOW my.var", `42704: unrecognized configuration parameter "my.var"`}},
		{"SET stays after COMMIT, SET LOCAL does not", []string{
			"BEGIN", "", "SET my.a = 1", "", "SET LOCAL my.b = 2", "", "SELECT current_setting('my.a'), current_setting('my.b')", "1,2", "COMMIT", "",
			"SHOW my.a", "1", "SELECT current_setting('my.b', true)", "NULL",
		}},
		{"SET LOCAL outside of blocks", []string{"SET LOCAL my.b = 2", "WARNING 25P01"}},
		{"RESET", []string{"SET work_mem TO '1GB'", "", "SHOW work_mem", "1GB", "RESET work_mem", "", "SHOW work_mem", "4MB", "SET work_mem = 5", "", "RESET ALL", "", "SHOW work_mem", "4MB"}},
		{"spellings of settings", []string{
			"SET synchronous_commit TO FALSE", "", "SHOW synchronous_commit", "off", "SET datestyle = 'ISO', DMY", "", "SHOW DateStyle", "ISO, DMY",
			"SET TIME ZONE 'utc'", "", "SHOW TIME ZONE", "UTC", "SET NAMES 'utf-8'", "", "SHOW client_encoding", "UTF8", "SET search_path = a, b", "", "SHOW search_path", "a, b",
			"SET extra_float_digits = -3", "", "SHOW extra_float_digits", "-3", "SET SESSION lock_timeout = DEFAULT", "", "SHOW lock_timeout", "0",
		}},
		{"prepared statements", []string{
			"PREPARE p (bigint) AS SELECT $1 + 1", "", "EXECUTE p(41)", "42", "EXECUTE p('x')", `22P02: invalid input syntax for type bigint: "x"`,
			"EXECUTE p", `42601: wrong number of parameters for prepared statement "p"`, "PREPARE p AS SELECT 1", `42P05: prepared statement "p" already exists`,
			"PREPARE t (text) AS SELECT $1", "", "EXECUTE t(1)", "1", "EXECUTE p(1.5)", "3",
			"EXECUTE p(true)", "42804: parameter $1 of type boolean cannot be coerced to the expected type bigint",
			"DEALLOCATE ALL", "", "EXECUTE p(1)", `26000: prepared statement "p" does not exist`,
		}},
		{"a prepared write counts as a write", []string{"PREPARE w AS SELECT put('a')", "", "BEGIN READ ONLY", "", "EXECUTE w", "25006: cannot execute put() in a read-only transaction"}},
		{"durations and ranges as PostgreSQL has them", []string{
			"SET statement_timeout = '5s'", "", "SHOW statement_timeout", "5s", "SET statement_timeout = 60000", "", "SHOW statement_timeout", "1min",
			"SET lock_timeout = '1500us'", "", "SHOW lock_timeout", "2ms", "SET extra_float_digits = 99", `22023: 99 is outside the valid range for parameter "extra_float_digits" (-15 .. 3)`,
			"SELECT current_setting('statement_timeout')", "1min", "SET statement_timeout = -1", `22023: -1 ms is outside the valid range for parameter "statement_timeout" (0 .. 2147483647)`,
			"SET work_mem = 65536", "", "SHOW work_mem", "64MB", "SET work_mem = lots", `22023: invalid value for parameter "work_mem": "lots"`,
			"SET plan_cache_mode = never", `22023: invalid value for parameter "plan_cache_mode": "never"`, "SET application_name = 'ü'", "", "SHOW application_name", "??",
			"SET datestyle = German", `0A000: parameter "DateStyle" can only be ISO`, "SET datestyle = YMD", "", "SHOW datestyle", "ISO, YMD", "SET datestyle = never", `22023: invalid value for parameter "DateStyle": "never"`,
		}},
		{"messages that are not wanted", []string{"SET client_min_messages = error", "", "COMMIT", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := new(bench).session(t)
			for i := 0; i < len(c.steps); i += 2 {
				if got := do(s, c.steps[i]); got != c.steps[i+1] {
					t.Errorf("%s gave %q, want %q", c.steps[i], got, c.steps[i+1])
				}
			}
		})
	}
}

// now() was the time of the call: two calls of one transaction differed, and all four functions were one.
func TestNowIsTheTransactionsBeginning(t *testing.T) {
	s := new(bench).session(t)
	minute := func(n int) { s.Received(time.Date(2024, 1, 1, 0, n, 0, 1999, time.UTC)) }
	ask := func(want string) {
		t.Helper()
		got := do(s, "SELECT now(), transaction_timestamp(), current_timestamp, statement_timestamp()")
		now, statement, _ := strings.Cut(want, " ")
		at := func(m string) string { return "2024-01-01 00:0" + m + ":00.000001+00" }
		if want := strings.Join([]string{at(now), at(now), at(now), at(statement)}, ","); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	minute(1)
	do(s, "BEGIN")
	s.Ready()
	minute(2)
	ask("1 2")
	s.Ready()
	minute(3)
	ask("1 3")
	do(s, "COMMIT")
	ask("3 3") // behind COMMIT in the same message
	s.Ready()
	minute(4)
	ask("4 4")
	minute(5) // the same batch of the extended protocol
	ask("4 5")
	s.Ready()
	minute(6)
	ask("6 6")
}

func TestTheStrongestLevelOfABatchCounts(t *testing.T) {
	b := &bench{}
	s := b.session(t)
	do(s, "SET synchronous_commit = off; SELECT put('a'); SET synchronous_commit = remote_apply; SELECT put('b'); SET synchronous_commit = local; SELECT put('c')")
	if !s.Unsettled() {
		t.Fatal("nothing is unsettled after three writes")
	}
	if err := s.Settle(context.Background()); err != nil || s.Unsettled() {
		t.Fatalf("Settle: %v", err)
	}
	if err := s.Settle(context.Background()); err != nil || !cmp.Equal(b.levels, []string{"remote_apply"}) {
		t.Errorf("the committer was asked for %v, want remote_apply once", b.levels)
	}
}

// Nothing runs before a statement is known to be right, and nothing runs twice.
func TestWhatRuns(t *testing.T) {
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"SELECT put('a'), put('b')", nil},
		{"SELECT put('a') ORDER BY 1", []string{"put"}},
		{"SELECT put('a') WHERE false", nil},
		{"SELECT * FROM put('a') LIMIT 1", []string{"put"}},
		{"SELECT lax(a) FROM pair()", []string{"pair", "lax", "lax", "lax"}},
		{"SELECT a FROM pair() WHERE lax(a) = 2 LIMIT 1", []string{"pair", "lax", "lax"}},
	} {
		b := &bench{}
		do(b.session(t), c.query)
		if !slices.Equal(b.calls, c.want) {
			t.Errorf("%s ran %v, want %v", c.query, b.calls, c.want)
		}
	}
}

func TestParametersGetTheirTypesFromTheirPlaces(t *testing.T) {
	for _, c := range []struct {
		query string
		oids  []uint32
		want  []uint32
		err   string
	}{
		{"SELECT lax($1)", nil, []uint32{datum.OIDInt8}, ""},
		{"SELECT put($1)", nil, []uint32{datum.OIDText}, ""},
		{"SELECT $1", nil, []uint32{datum.OIDText}, ""},
		{"SELECT $1::boolean, $2::pg_lsn", nil, []uint32{datum.OIDBool, datum.OIDPgLSN}, ""},
		{"SELECT $1 + 1, $2 = 'x'", nil, []uint32{datum.OIDInt4, datum.OIDText}, ""},
		{"SELECT a FROM pair() WHERE a = $1 LIMIT $2", nil, []uint32{datum.OIDInt8, datum.OIDInt8}, ""},
		{"SELECT lax($1)", []uint32{datum.OIDInt4}, []uint32{datum.OIDInt4}, ""},
		{"SELECT put($1)", []uint32{datum.OIDVarchar}, []uint32{datum.OIDVarchar}, ""},
		{"SELECT lax($1), $1 + 1", nil, []uint32{datum.OIDInt8}, ""},
		{"SELECT $2", nil, nil, "42P18: could not determine data type of parameter $1"},
		{"SELECT put($1), lax($1)", nil, nil, "42883: function lax(text) does not exist"},
		{"SELECT lax($1)", []uint32{datum.OIDText}, nil, "42883: function lax(text) does not exist"},
		{"SELECT $1", []uint32{114}, nil, "0A000: parameter $1: the type with OID 114 is not supported"},
	} {
		st, err := sql.ParseOne(c.query)
		if err != nil {
			t.Fatal(err)
		}
		p, err := new(bench).session(t).Prepare(st, c.oids)
		switch {
		case err != nil && show(err) != c.err:
			t.Errorf("%s %v: %s, want %q", c.query, c.oids, show(err), c.err)
		case err == nil && (c.err != "" || !slices.Equal(p.Params, c.want)):
			t.Errorf("%s %v has parameters of types %v, want %v %s", c.query, c.oids, p.Params, c.want, c.err)
		}
	}
}

func TestColumnsAreNamedAsInPostgreSQL(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT 1":                                                     "?column?",
		"SELECT lax(1), 1 AS x, 'a'::bigint":                           "22P02",
		"SELECT lax(1), 1 AS x, '2'::bigint":                           "lax x int8",
		"SELECT a, b::text, a + 1 FROM pair()":                         "a b ?column?",
		"SELECT true, coalesce(1), count(*)":                           "?column? coalesce count",
		"SELECT true::int, '1'::float8::int, a::text::int FROM pair()": "int4 int4 a",
		"SELECT CASE 1 WHEN 1 THEN 2 END, CASE WHEN true THEN 'x' ELSE b END, (SELECT 1 AS n), ARRAY(SELECT 1) FROM pair()": "case b n array",
		"SHOW datestyle":                       "DateStyle",
		"SELECT g FROM generate_series(1,1) g": "g",
	} {
		list, err := sql.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		p, err := new(bench).session(t).Prepare(list[0], nil)
		if err != nil {
			if !strings.HasPrefix(show(err), want) {
				t.Errorf("%s: %s", query, show(err))
			}
			continue
		}
		var names []string
		for _, c := range p.Columns {
			names = append(names, c.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s has columns %q, want %q", query, got, want)
		}
	}
}

// TestAReloadReachesSessionsThatAreThere: SHOW said that commits are durable again while a session that had been
// connected before the reload went on without waiting.
func TestAReloadReachesSessionsThatAreThere(t *testing.T) {
	node := map[string]string{"synchronous_commit": "off", "statement_timeout": "1s", "default_transaction_read_only": "off"}
	var generation uint64
	b := &bench{}
	s := b.session(t, func(r *catalog.Registry) {
		r.Lookup = func(name string) (string, bool) { v, ok := node[name]; return v, ok }
		r.Changes = func() uint64 { return generation }
	})
	put := func() string {
		t.Helper()
		out := do(s, "SELECT put('a')")
		if err := s.Settle(context.Background()); err != nil {
			t.Fatal(err)
		}
		return out
	}
	put()
	node["synchronous_commit"], node["statement_timeout"] = "on", "1min"
	generation++
	if got := s.StatementTimeout(); got != time.Minute {
		t.Errorf("statement_timeout is %s after a reload to 1min", got)
	}
	put()
	if want := []string{"off", "on"}; !slices.Equal(b.levels, want) {
		t.Errorf("commits waited by %v, want %v", b.levels, want)
	}
	node["default_transaction_read_only"] = "on"
	generation++
	if got, want := put(), "25006: cannot execute put() in a read-only transaction"; got != want {
		t.Errorf("a write with default_transaction_read_only = on gave %q, want %q", got, want)
	}
}
