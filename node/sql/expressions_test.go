package sql_test

import (
	"strings"
	"testing"
)

func TestExpressions(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"numbers", "1, -1, +1, 2.50, 1e3, .5, 9223372036854775807", "1,-1,1,2.5,1000,0.5,9223372036854775807"},
		{"the smallest bigint is a literal", "-9223372036854775808", "-9223372036854775808"},
		{"one more is too much", "9223372036854775808", "22003: value \"9223372036854775808\" is out of range for type bigint"},
		{"a cast binds stronger than a sign", "-5::bigint, - 5 ::text", "42883: operator does not exist: - text"},
		{"precedence", "1 + 2 * 3 - 4 / 2, (1 + 2) * 3, 2 - 1 - 1, NOT 1 = 2 AND true", "5,9,0,t"},
		{"integers overflow with an error", "2147483647 + 1", "22003: integer out of range"},
		{"bigints too", "9223372036854775807 + 1", "22003: bigint out of range"},
		{"and products", "9223372036854775807 * 2", "22003: bigint out of range"},
		{"the largest product", "-1 * 9223372036854775807, 3037000499 * 3037000499", "-9223372036854775807,9223372030926249001"},
		{"division", "7 / 2, -7 / 2, 7 % 3, -7 % 3, 7.0 / 2", "3,-3,1,-1,3.5"},
		{"by zero", "1 / 0", "22012: division by zero"},
		{"of the smallest by minus one", "(-9223372036854775808) / -1, 1", "22003: bigint out of range"},
		{"three-valued logic", "NULL AND false, NULL OR true, NULL AND true, NOT NULL::boolean", "f,t,NULL,NULL"},
		{"the right side is not computed if the left decides", "false AND 1 / 0 = 1", "f"},
		{"comparison", "1 < 2, 'a' < 'b', 2 >= 2.0, '0/10'::pg_lsn > '0/F', 1 <> 2, 1 != 1", "t,t,t,t,t,f"},
		{"NULL in comparison", "NULL = NULL, 1 = NULL, NULL IS NULL, 1 IS NOT NULL, NULL ISNULL", "NULL,NULL,t,t,t"},
		{"truth", "true IS TRUE, NULL IS TRUE, NULL IS NOT TRUE, (1 = 2) IS FALSE", "t,f,t,t"},
		{"IN", "1 IN (1, 2), 3 IN (1, 2), 3 IN (1, NULL), 3 NOT IN (1, 2), 'b' IN ('a', 'b')", "t,f,NULL,t,t"},
		{"BETWEEN", "2 BETWEEN 1 AND 3, 4 NOT BETWEEN 1 AND 3, 2 BETWEEN 1 AND 3 AND true", "t,t,t"},
		{"BETWEEN with NULL", "5 BETWEEN NULL AND 3, 5 NOT BETWEEN NULL AND 3, 5 BETWEEN 6 AND NULL, 5 BETWEEN NULL AND 6, NULL BETWEEN 1 AND 2", "f,t,f,NULL,NULL"},
		{"IS DISTINCT FROM", "NULL IS DISTINCT FROM NULL, 1 IS DISTINCT FROM NULL, 1 IS NOT DISTINCT FROM 1.0, 'a' IS DISTINCT FROM 'b' AND true, false IS DISTINCT FROM 1 = 1", "f,t,t,t,t"},
		{"which needs an =", "1 IS DISTINCT FROM true", "42883: operator does not exist: integer = boolean"},
		{"an error beside NULL", "NULL::int + 1 / 0", "22012: division by zero"},
		{"a pattern that ends too early", `'abc' LIKE 'x\', 'abc' LIKE 'abc\', 'abc' LIKE '%\'`, "22025: LIKE pattern must not end with escape character"},
		{"one that is not looked at so far", `'abc' LIKE 'x\', '' LIKE '\'`, "f,f"},
		{"LIKE", `'abc' LIKE 'a%', 'abc' LIKE '_b_', 'abc' LIKE 'b%', 'a%c' LIKE 'a\%c', 'abc' NOT LIKE '%c', '' LIKE '%', 'grüße' LIKE 'gr_ße'`, "t,t,f,t,f,t,t"},
		{"concatenation", "'a' || 'b' || 1, 1 || 'x', 'a' || NULL, true || '!'", "ab1,1x,NULL,true!"},
		{"which needs text", "1 || 2", "42883: operator does not exist: integer || integer"},
		{"casts", "'12'::int, '12'::bigint + 1, 12::text, true::text, 't'::boolean, '0/abc'::pg_lsn, '\\x00ff'::bytea, 1::boolean, 2.5::int, 3.5::int, 2.5::float8::int", "12,13,12,true,t,0/ABC,\\x00ff,t,3,4,2"},
		{"CAST and typed literals", "CAST('1' AS bigint), bigint '2', double precision '1.5'", "42601: syntax error at or near \"'1.5'\""},
		{"a cast that is none", "true::pg_lsn", "42846: cannot cast type boolean to pg_lsn"},
		{"bad literals", "'x'::int", "22P02: invalid input syntax for type integer: \"x\""},
		{"too large a literal", "'3000000000'::int", "22003: value \"3000000000\" is out of range for type integer"},
		{"a narrowing cast", "3000000000::int", "22003: integer out of range"},
		{"times", "'2024-02-29 12:00:00+02'::timestamptz, '2024-01-01'::timestamptz", "2024-02-29 10:00:00+00,2024-01-01 00:00:00+00"},
		{"floats", "1e20::float8, 1e-7::float8, 'Infinity'::float8, '-inf'::float8, 'NaN'::float8, 123456789.125", "1e+20,1e-07,Infinity,-Infinity,NaN,123456789.125"},
		{"strings", `'it''s', E'a\tb\\\x41\101\u00e9\'', $$d'q$$, $tag$ $$ $tag$, ''`, "it's,a\tb\\AAé',d'q, $$ ,"},
		{"COALESCE and NULLIF", "coalesce(NULL, 2, 1/0), coalesce(NULL, 'x'), nullif(1, 1), nullif(1, 2)", "2,x,NULL,1"},
		{"strictness", "strict(NULL), lax(NULL), strict(5)", "NULL,NULL,5"},
		{"calls in calls", "strict(lax(strict(3)) + 1)", "4"},
		{"an int fits a bigint argument, text does not", "strict('x' || 'y')", "42883: function strict(text) does not exist"},
		{"aliases and case", `1 AS "Big", 2 two, 3 AS select`, "1,2,3"},
		{"comments", "1 /* a /* nested */ one */ -- and a line\n + 1", "2"},
		{"a float that grows beyond any", "1e308::float8 * 10", "22003: value out of range: overflow"},
		{"a sum that does", "1.7e308::float8 + 1.7e308", "22003: value out of range: overflow"},
		{"one that shrinks to nothing", "1e-300::float8 / 1e300", "22003: value out of range: underflow"},
		{"infinity was there before", "'inf'::float8 + 1, 1 / 'inf'::float8, 'nan'::float8 / 0", "Infinity,0,NaN"},
		{"a distance that no bigint holds", "'FFFFFFFF/0'::pg_lsn - '0/0'", "22003: bigint out of range"},
		{"before the beginning", "'0/0'::pg_lsn - 1", "22023: pg_lsn out of range"},
		{"bytes in an escape that make no character", `E'\xff'`, `22021: invalid byte sequence for encoding "UTF8": 0xff`},
		{"an escape that is none", `E'\u00'`, "22025: invalid Unicode escape"},
		{"a name with a line's end", "\"a\nb\"", "42703: column \"a\nb\" does not exist"},
		{"signs before signs", strings.Repeat("+", 90) + "1, " + strings.Repeat("- ", 90) + "lax(2)", "1,2"},
		{"times that are none", "'yesterday-ish'::timestamptz", `22007: invalid input syntax for type timestamp with time zone: "yesterday-ish"`},
		{"times that cannot be", "'2024-13-01'::timestamptz", `22008: date/time field value out of range: "2024-13-01"`},
		{"bytes with spaces between", `'\x0a 0B'::bytea`, `\x0a0b`},
		{"bytes with another letter", `'\x0g'::bytea`, `22023: invalid hexadecimal digit: "g"`},
		{"half a byte", `'\x0'::bytea`, "22023: invalid hexadecimal data: odd number of digits"},
		{"a bigint is no boolean", "1::bigint::boolean", "42846: cannot cast type bigint to boolean"},
		{"views by name and number", "'pg_settings'::regclass, 'pg_settings'::regclass::bigint > 16383, 'pg_catalog.pg_settings'::regclass = 'pg_settings'::regclass", "pg_settings,t,t"},
		{"a view that is not there", "'nowhere'::regclass", `42P01: relation "nowhere" does not exist`},
		{"types by name and number", "'int8'::regtype, 25::regtype::text, 0::regtype, 'bigint'::regtype = 20", "bigint,text,-,t"},
		{"too large a literal for a float", "'1e400'::float8", `22003: "1e400" is out of range for type double precision`},
		{"session functions", "current_user, pg_backend_pid(), current_schema, now()", "me,7,public,1970-01-01 00:00:00+00"},
		{"text functions", "length('grüße'), octet_length('grüße'), upper('a'), repeat('ab', 2), md5('')", "5,7,A,abab,d41d8cd98f00b204e9800998ecf8427e"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := do(new(bench).session(t), "SELECT "+c.query); got != c.want {
				t.Errorf("SELECT %s\ngave %s\nwant %s", c.query, got, c.want)
			}
		})
	}
}

func TestCaseAndPatterns(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"the first that holds", "CASE WHEN false THEN 1 WHEN true THEN 2 WHEN true THEN 3 END", "2"},
		{"none holds", "CASE WHEN NULL THEN 1 END, CASE WHEN false THEN 1 ELSE 4 END", "NULL,4"},
		{"a value looked up", "CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'many' END", "two"},
		{"NULL equals nothing", "CASE NULL::int WHEN NULL THEN 1 ELSE 2 END", "2"},
		{"what is not needed is not computed", "CASE WHEN true THEN 1 ELSE 1/0 END", "1"},
		{"results of one type", "CASE WHEN true THEN 1 ELSE 2.5 END", "1"},
		{"that do not fit", "CASE WHEN true THEN 1 ELSE 'x' END", `22P02: invalid input syntax for type integer: "x"`},
		{"a condition that is none", "CASE WHEN 1 THEN 2 END", "42804: argument of CASE/WHEN must be type boolean, not type integer"},
		{"in each other", "CASE CASE 1 WHEN 1 THEN 2 END WHEN 2 THEN 'in' ELSE 'out' END", "in"},
		{"patterns", "'kv_get' ~ '^kv_', 'kv_get' !~ 'x', 'KV' ~* 'kv', 'KV' !~* '^k', 'a' || 'b' ~ 'ab'", "t,t,t,f,t"},
		{"as psql writes them", "'a' OPERATOR(pg_catalog.~) '^(a)$' COLLATE pg_catalog.default", "t"},
		{"a point is any character", "E'a\nb' ~ 'a.b', 'a' ~ NULL", "t,NULL"},
		{"one that cannot be read", "'a' ~ '('", "2201B: invalid regular expression: missing closing ): `(?s)(`"},
		{"a collation that is none", `'a' COLLATE "de_DE"`, `42704: collation "de_DE" for encoding "UTF8" does not exist`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := do(new(bench).session(t), "SELECT "+c.query); got != c.want {
				t.Errorf("SELECT %s\ngave %s\nwant %s", c.query, got, c.want)
			}
		})
	}
}

func TestJoinsAndSubqueries(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"inner", "SELECT p.a, q.b FROM pair() p JOIN pair() q ON q.a = p.a + 1", "1,NULL; 2,y"},
		{"left: what has no partner stays", "SELECT p.a, q.b FROM pair() p LEFT OUTER JOIN pair() q ON q.a = p.a + 1 WHERE p.a > 1", "2,y; 3,NULL"},
		{"left, after left", "SELECT p.a, q.a, r.a FROM pair() p LEFT JOIN pair() q ON q.a = p.a + 2 LEFT JOIN pair() r ON r.a = q.a - 1", "1,3,2; 2,NULL,NULL; 3,NULL,NULL"},
		{"a comma and CROSS JOIN", "SELECT count(*) FROM pair() p, pair() q CROSS JOIN pair() r", "27"},
		{"all columns", "SELECT * FROM generate_series(1, 1) g JOIN pair() ON a = g", "1,1,x"},
		{"of one of them", "SELECT q.* FROM generate_series(1, 1) g JOIN pair() q ON q.a = g", "1,x"},
		{"a column of both", "SELECT a FROM pair() p JOIN pair() q ON true", `42702: column reference "a" is ambiguous`},
		{"a comma binds weaker", "SELECT count(*) FROM pair() o, pair() p LEFT JOIN pair() q ON q.a = p.a + 1", "9"},
		{"so what is before it is not there", "SELECT 1 FROM pair() o, pair() p JOIN pair() q ON q.a = o.a", `42P01: missing FROM-clause entry for table "o"`},
		{"a name that is not there", "SELECT r.a FROM pair() p JOIN pair() q ON true", `42P01: missing FROM-clause entry for table "r"`},
		{"a column that is not there", "SELECT p.z FROM pair() p JOIN pair() q ON true", "42703: column p.z does not exist"},
		{"an aggregate as a condition", "SELECT 1 FROM pair() p JOIN pair() q ON count(*) = 1", "42803: aggregate functions are not allowed in JOIN conditions"},
		{"sorted, in parts", "SELECT p.a, q.a FROM pair() p, pair() q ORDER BY 1 DESC, 2 LIMIT 2 OFFSET 1", "3,2; 3,3"},
		{"a subquery", "SELECT (SELECT max(a) FROM pair()), (SELECT b FROM pair() WHERE a = 9)", "3,NULL"},
		{"of more than a row", "SELECT (SELECT a FROM pair())", "21000: more than one row returned by a subquery used as an expression"},
		{"of more than a column", "SELECT (SELECT * FROM pair() LIMIT 1)", "42601: subquery must return only one column"},
		{"for each row", "SELECT a, (SELECT q.b FROM pair() q WHERE q.a = p.a + 1) FROM pair() p", "1,NULL; 2,y; 3,NULL"},
		{"two levels in", "SELECT (SELECT (SELECT p.a + q.a FROM pair() r WHERE r.a = p.a) FROM pair() q WHERE q.a = 3) FROM pair() p", "4; 5; 6"},
		{"as a condition", "SELECT a FROM pair() p WHERE a = (SELECT min(q.a) FROM pair() q WHERE q.a > 1)", "2"},
		{"an array of one", "SELECT ARRAY(SELECT b FROM pair()), ARRAY(SELECT a FROM pair() WHERE a > 9)", "{x,NULL,y},{}"},
		{"what an array quotes", `SELECT ARRAY(SELECT b || ' "z' FROM pair() WHERE a = 1)`, `{"x \"z"}`},
		{"a write in one", "SELECT (SELECT put('a'))", "0A000: the writing function put cannot be called in a subquery"},
		{"a column around it in an aggregate", "SELECT (SELECT sum(p.a) FROM pair()) FROM pair() p", "0A000: a column of the query around it in an aggregate is not supported"},
		{"what the levels hold together", "SELECT (SELECT (SELECT count(*) FROM generate_series(1, 9000) c, pair() r) FROM generate_series(1, 9000) b, pair() q LIMIT 1) FROM generate_series(1, 9000) a LIMIT 1",
			"54000: the result does not fit into 1048576 bytes"},
		{"what one of them held is free again", "SELECT max((SELECT count(*) FROM generate_series(1, 9000) c, pair() q)) FROM pair() p", "27000"},
		{"no end to it", "SELECT count(*) FROM generate_series(1, 20000) a, generate_series(1, 20000) b", "54000: the result does not fit into 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := do(new(bench).session(t), c.query); got != c.want {
				t.Errorf("%s\ngave %s\nwant %s", c.query, got, c.want)
			}
		})
	}
}

func TestSources(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"all columns", "SELECT * FROM pair()", "1,x; 2,NULL; 3,y"},
		{"some, and with the source's name", "SELECT p.b, p.* FROM pair() AS p WHERE p.a = 1", "x,1,x"},
		{"renamed", "SELECT n, s FROM pair() AS p (n, s) WHERE n > 2", "3,y"},
		{"by a label, NULLs last", "SELECT b AS label FROM pair() ORDER BY label", "x; y; NULL"},
		{"descending, NULLs first", "SELECT b FROM pair() ORDER BY 1 DESC", "NULL; y; x"},
		{"descending, NULLs last", "SELECT a FROM pair() ORDER BY b DESC NULLS LAST, a", "3; 1; 2"},
		{"by what is not shown", "SELECT b FROM pair() ORDER BY -a LIMIT 2", "y; NULL"},
		{"limits", "SELECT a FROM pair() LIMIT 1 OFFSET 1", "2"},
		{"no rows", "SELECT a FROM pair() LIMIT 0", ""},
		{"all rows", "SELECT a FROM pair() LIMIT ALL OFFSET 2", "3"},
		{"a limit that is none", "SELECT a FROM pair() LIMIT NULL", "1; 2; 3"},
		{"a negative limit", "SELECT a FROM pair() LIMIT -1", "2201W: LIMIT must not be negative"},
		{"aggregates", "SELECT count(*), count(b), sum(a), min(b), max(a), count(*) + 1 FROM pair()", "3,2,6,x,3,4"},
		{"of no rows", "SELECT count(*), sum(a), min(b) FROM pair() WHERE a > 9", "0,NULL,NULL"},
		{"a column beside them", "SELECT a, count(*) FROM pair()", "42803: a column must appear in an aggregate function here: GROUP BY is not supported"},
		{"in each other", "SELECT sum(count(*)) FROM pair()", "42803: aggregate function calls cannot be nested"},
		{"in WHERE", "SELECT 1 FROM pair() WHERE count(*) > 1", "42803: aggregate functions are not allowed in WHERE"},
		{"a set in the select list", "SELECT generate_series(3, 1, -1)", "3; 2; 1"},
		{"a set of rows there", "SELECT pair()", "0A000: set-returning function pair cannot be called here"},
		{"a strict set of NULL", "SELECT * FROM generate_series(NULL, 3)", ""},
		{"a scalar function as a source", "SELECT * FROM lax(4) AS four", "4"},
		{"the end of the numbers", "SELECT * FROM generate_series(9223372036854775806, 9223372036854775807)", "9223372036854775806; 9223372036854775807"},
		{"a condition without a source", "SELECT 1 WHERE false", ""},
		{"sorting too much", "SELECT repeat('x', 100000) FROM generate_series(1, 100) ORDER BY 1", "54000: the result does not fit into 1048576 bytes"},
		{"settings as a view", "SELECT setting FROM pg_settings WHERE name = 'port'", "5432"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := do(new(bench).session(t), c.query); got != c.want {
				t.Errorf("%s\ngave %s\nwant %s", c.query, got, c.want)
			}
		})
	}
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT DISTINCT 1":                        "0A000: SELECT DISTINCT is not supported",
		"SELECT a FROM pair() GROUP BY a":          "0A000: GROUP BY is not supported",
		"SELECT 1 UNION SELECT 2":                  "0A000: UNION is not supported",
		"SELECT * FROM pair(), pair()":             `42712: table name "pair" specified more than once`,
		"SELECT * FROM pair() JOIN x ON true":      `42P01: relation "x" does not exist`,
		"SELECT * FROM pair() p FULL JOIN x ON 1":  "0A000: FULL JOIN is not supported",
		"SELECT * FROM pair() p NATURAL JOIN x":    "0A000: NATURAL JOIN is not supported",
		"SELECT * FROM pair() p JOIN x USING (a)":  "0A000: JOIN … USING is not supported",
		"SELECT * FROM pair() p JOIN pair() q":     "42601: syntax error at end of input",
		"SELECT 1 IN (SELECT 1)":                   "0A000: a subquery is not supported",
		"SELECT a[1] FROM pair()":                  "0A000: a subscript is not supported",
		"SELECT 1 = ANY (SELECT 1)":                "0A000: ANY (SELECT …) is not supported",
		"SELECT * FROM (SELECT 1) x":               "0A000: a subquery in FROM is not supported",
		"SELECT ARRAY[[1]]":                        "0A000: an array of more than one dimension is not supported",
		"SELECT '{{1}}'::int[]":                    "0A000: an array of more than one dimension is not supported",
		"SELECT '[2:2]={1}'::int[]":                "0A000: an array with bounds is not supported",
		"SELECT ARRAY[1] IN (ARRAY['a'])":          "42804: IN types integer[] and text[] cannot be matched",
		"SELECT '{1}' BETWEEN ARRAY[1] AND '{2}'":  "0A000: the order of arrays is not supported",
		"SELECT ARRAY[1] < ARRAY[2]":               "0A000: the order of arrays is not supported",
		"SELECT EXISTS (SELECT put('a'))":          "0A000: the writing function put cannot be called in a subquery",
		"SELECT 'x'::varchar(3)":                   "0A000: a type with a length is not supported",
		"SELECT 'x'::json":                         `42704: type "json" does not exist`,
		"SELECT x FROM nowhere":                    `42P01: relation "nowhere" does not exist`,
		"SELECT other.f()":                         `3F000: schema "other" does not exist`,
		"SELECT lax(v => 1)":                       "0A000: a named argument is not supported",
		"CREATE TABLE t (a int)":                   "0A000: CREATE TABLE is not supported",
		"COPY t FROM STDIN":                        "0A000: COPY is not supported",
		"SAVEPOINT a":                              "0A000: SAVEPOINT is not supported",
		"SET ROLE x":                               "0A000: SET ROLE is not supported",
		"SET nothing = 1":                          `42704: unrecognized configuration parameter "nothing"`,
		"SET timezone = 'Mars/Olympus'":            `22023: invalid value for parameter "TimeZone": "Mars/Olympus"`,
		"SET synchronous_commit = maybe":           `22023: invalid value for parameter "synchronous_commit": "maybe"`,
		"SET client_encoding = 'LATIN1'":           `22023: invalid value for parameter "client_encoding": "LATIN1"`,
		"SHOW nothing":                             `42704: unrecognized configuration parameter "nothing"`,
		"CREATE EXTENSION hstore":                  `0A000: extension "hstore" is not available`,
		"EXECUTE nothing":                          `26000: prepared statement "nothing" does not exist`,
		"CHECKPOINT":                               "0A000: CHECKPOINT is not supported",
		"FROBNICATE":                               `42601: syntax error at or near "FROBNICATE"`,
		"SELECT":                                   "42601: syntax error at end of input",
		"SELECT 1 1":                               `42601: syntax error at or near "1"`,
		"SELECT 1x":                                `42601: trailing junk after numeric literal at or near "1x"`,
		"SELECT 'open":                             `42601: unterminated quoted string at or near "'open"`,
		`SELECT ""`:                                `42601: zero-length delimited identifier at or near """"`,
		"SELECT /* open":                           `42601: unterminated /* comment at or near "/* open"`,
		"SELECT \xff":                              `22021: invalid byte sequence for encoding "UTF8": 0xff`,
		"SELECT 1 WHERE 1":                         "42804: argument of WHERE must be type boolean, not type integer",
		"SELECT *":                                 "42601: SELECT * with no tables specified is not valid",
		"SELECT put('a') FROM pair()":              "0A000: the writing function put cannot be called for each row of a source",
		"SELECT " + strings.Repeat("(", 200) + "1": "54001: stack depth limit exceeded: more than 100 nested expressions",
	} {
		t.Run(query[:min(len(query), 40)], func(t *testing.T) {
			if got := do(new(bench).session(t), query); got != want {
				t.Errorf("%s\ngave %s\nwant %s", query, got, want)
			}
		})
	}
}
