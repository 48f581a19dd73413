package sql_test

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/redoubt-wal/redoubt/node/sql"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
)

// Whatever a client sends is a list of statements or an error with an SQLSTATE, and a statement that
// was parsed runs to rows or to such an error.
func FuzzStatement(f *testing.F) {
	for _, seed := range []string{
		"SELECT lax(1), strict(-2), put('a') AS x;", "SELECT a, b FROM pair() p WHERE a > 1 AND b IS NOT NULL ORDER BY b DESC NULLS LAST LIMIT 2 OFFSET 1",
		"SELECT count(*), sum(a) + 1, min(b) FROM pair()", "SELECT 1 + 2 * -3 / 4 % 5 || 'x', 'a' LIKE '%_\\', 1 IN (1,2), 2 BETWEEN 1 AND 3",
		"SELECT $1::int, $2 || 'x', coalesce($3, 1)", "SELECT E'\\x41\\u00e9\\101' || $q$x$q$", "SET a.b = 'c'; SET LOCAL work_mem TO 1; RESET ALL; SHOW ALL",
		"BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY; COMMIT AND NO CHAIN; ROLLBACK", "PREPARE p (int) AS SELECT $1; EXECUTE p(1); DEALLOCATE p",
		"CREATE EXTENSION IF NOT EXISTS \"x\" WITH SCHEMA y VERSION '1' CASCADE", "/* c */ -- d\n;;", "SELECT 9223372036854775808, 1e999, .5e-3, 0x10",
		"SELECT '1'::timestamptz, '\\x00'::bytea, '0/1'::pg_lsn - 1", "SELECT 1 IS TRUE IS NOT FALSE IS NULL", "SELECT ((((((1))))))", "SELECT ARRAY[1,2] = '{1}', 1 < ALL (ARRAY[g]), '{a,\"b\"}'::text[], EXISTS (SELECT 1), pg_typeof($1) FROM generate_series(1, 2) g", "INSERT INTO t VALUES (1)",
		"SELECT p.a, (SELECT q.b FROM pair() q WHERE q.a = p.a), ARRAY(SELECT 1) FROM pair() p LEFT JOIN pair() r ON p.a = r.a CROSS JOIN pair() s WHERE p.b ~ '^x'",
		"SELECT CASE p.a WHEN 1 THEN 'x' ELSE p.b END, 'pg_settings'::regclass = 5, 25::regtype::text FROM pair() p, pair() q ORDER BY q.a",
		"SELECT 'a' OPERATOR(pg_catalog.!~*) 'b' COLLATE pg_catalog.default; BEGIN ISOLATION LEVEL SERIALIZABLE; SET TRANSACTION READ WRITE",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		list, err := sql.Parse(query)
		var e *ereport.Error
		if err != nil && (!errors.As(err, &e) || len(e.Code) != 5 || e.Position > utf8.RuneCountInString(query)+1) {
			t.Fatalf("Parse failed with %#v", err)
		}
		if err != nil || len(list) > 20 {
			return
		}
		s := new(bench).session(t)
		got := do(s, query)
		if len(got) > 64<<20 {
			t.Errorf("the result has %d bytes", len(got))
		}
	})
}
