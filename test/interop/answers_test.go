package interop_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// answer is a query's rows as text, or its error with its place.
func answer(t *testing.T, c *pgx.Conn, query string) string {
	t.Helper()
	results, err := c.PgConn().Exec(t.Context(), query).ReadAll()
	if err != nil {
		return failure(err) + place(err)
	}
	var lines []string
	for _, r := range results {
		for _, row := range r.Rows {
			var cells []string
			for i, v := range row {
				cell := "NULL"
				if v != nil {
					cell = string(v)
				}
				cells = append(cells, fmt.Sprintf("%s %d %s", r.FieldDescriptions[i].Name, r.FieldDescriptions[i].DataTypeOID, cell))
			}
			lines = append(lines, strings.Join(cells, ", "))
		}
	}
	return strings.Join(lines, "\n")
}

// The same query has the same answer, of the same types, or fails with the same words at the same place.
func TestAnswersAreThePeers(t *testing.T) {
	theirs, ours := connectPeer(t), startNode(t).connect()
	for _, query := range []string{
		"SELECT g FROM generate_series(1, 9::bigint) g LIMIT 2.5", "SELECT g FROM generate_series(1, 9::bigint) g LIMIT 3.5 OFFSET 0.5",
		"SELECT g FROM generate_series(1, 9::bigint) g LIMIT 2.5::float8", "SELECT g FROM generate_series(1, 9::bigint) g OFFSET 7.5",
		"SELECT 1 LIMIT 1e30", "SELECT 1 LIMIT 'NaN'::float8", "SELECT 1 LIMIT -0.4", "SELECT 1 LIMIT -0.6", "SELECT 1 OFFSET -0.6", "SELECT 1 LIMIT '2.5'",
		"SELECT 1 LIMIT true",
		"SELECT '{a,b}'::text[], '{ \"a b\" , NULL,\"null\",x y }'::text[], '{1, 2,null}'::int[], '{}'::bigint[], ' { } '::bool[], '{t,f}'::bool[]",
		"SELECT '{a'::text[]", "SELECT 'a'::text[]", "SELECT '{a}}'::text[]", "SELECT '{a,}'::text[]", "SELECT '{,a}'::text[]", `SELECT '{a,"b}'::text[]`, `SELECT '{a"b"}'::text[]`,
		`SELECT '{"a"b}'::text[]`, `SELECT '{a{b}'::text[]`, `SELECT '{a\'::text[]`, "SELECT '{1,x}'::int[]", "SELECT ' {1} '::int[]", "SELECT '{1} x'::int[]", "SELECT ''::int[]",
		`SELECT '{a\,b,"\"",\N\U\L\L, "" ,"a"  }'::text[]`, "SELECT ARRAY[1,2,3], ARRAY['a','b c',NULL], ARRAY[1,2.5::float8], ARRAY['0/1'::pg_lsn], ARRAY[true]",
		"SELECT ARRAY[1,'x']", "SELECT ARRAY[1,'2']", "SELECT ARRAY[1,true]", "SELECT ARRAY[]", "SELECT ARRAY[]::int[], ARRAY['1','2']::int[], ARRAY[1,2]::text[], ARRAY[1,2]::bigint[]::text",
		"SELECT CAST('{1}' AS int[]), '{1}'::int4[3], NULL::int[], CAST('{1}' AS integer array), '{a}'::name[], '{7}'::oid[]", "SELECT array_to_string(ARRAY['a','b'],'-'), ARRAY[1] = ARRAY[1], ARRAY[1] = '{ 1 }', '{2}' <> ARRAY[1]",
		"SELECT ARRAY[1] IS DISTINCT FROM '{ 1 }'", "SELECT ARRAY[1] IS DISTINCT FROM ARRAY['a']", "SELECT '{-1,4294967295}'::oid[]", "SELECT '{4294967296}'::oid[]",
		"SELECT ARRAY[1] IN ('{ 1 }', NULL), '{ 2 }' NOT IN (ARRAY[1], ARRAY[2])", "SELECT nullif(ARRAY[1], '{ 1 }') IS NULL",
		"SELECT '{1}'::nosuch[]", "SELECT true::int[]", "SELECT ARRAY[1] = ARRAY[1::bigint]", "SELECT ARRAY[NULL,NULL], ARRAY(SELECT 1), ARRAY(SELECT 1::bigint), ARRAY[now()] = ARRAY[now()]", "SELECT '{1 2}'::int[]",
		"SELECT '{2024-01-02 03:04:05+00}'::timestamptz[] = ARRAY['2024-01-02 03:04:05+00'::timestamptz], ARRAY['\\x00ff'::bytea], '{1e3,NaN}'::float8[]",
		"SELECT 1 = ANY ('{1,2}'), 3 = ANY (ARRAY[1,2]), 3 = ANY (ARRAY[1,NULL]), 1 < ALL (ARRAY[2,3]), 1 = ALL ('{}'::int[]), NULL = SOME ('{1}'::int[]), 'ab' ~ ANY (ARRAY['^b','b$']), 2 <> ALL (NULL::int[])",
		"SELECT 1 = ANY (1)", "SELECT 1 + ANY (ARRAY[1])", "SELECT 'a' = ANY (ARRAY[true])", "SELECT true = ANY (ARRAY[1])", "SELECT 1.5::float8 = ANY (ARRAY[1]), 1 = ANY ('{1,x}')",
		"SELECT EXISTS (SELECT 1 FROM generate_series(1, 3::bigint) g WHERE g > 2), NOT EXISTS (SELECT 1 WHERE false), EXISTS (SELECT count(*) FROM generate_series(1,0::bigint) g ORDER BY 1)",
		"SELECT g FROM generate_series(1, 3::bigint) g WHERE EXISTS (SELECT 1 FROM generate_series(2, 3::bigint) h WHERE h = g)", "SELECT EXISTS (1)",
		"SELECT pg_typeof(1), pg_typeof(1::bigint), pg_typeof('x'), pg_typeof(NULL), pg_typeof('x'::text), pg_typeof(now()), pg_typeof('0/1'::pg_lsn), pg_typeof(ARRAY['a']), pg_typeof(25::regtype), pg_typeof(pg_typeof(1))",
		"SELECT 'oid'::regtype, 'smallint'::regtype, 'int2'::regtype, 'name'::regtype, '_int4'::regtype, 'integer[]'::regtype, 'float4'::regtype, 'int'::regtype, 'unknown'::regtype, 705::regtype, 23::regtype",
		"SELECT pg_typeof(1)::text || 'x', pg_typeof(1) = 'integer'::regtype, pg_typeof('{1}'::int8[]), pg_typeof(1/0)", "SELECT pg_typeof()",
		"SELECT pg_typeof(current_user), pg_typeof(session_user), pg_typeof(current_database()), pg_typeof(current_schema()), pg_typeof(version()), pg_typeof(pg_backend_pid()), pg_typeof(inet_server_port()), pg_typeof(pg_is_in_recovery()), pg_typeof(current_setting('port'))",
		"SELECT true, false, NOT true, true::text, CASE WHEN true THEN false END", "SELECT pg_typeof(1,2)", "SELECT pg_typeof(oid), pg_typeof(proname), pg_typeof(proargnames) FROM pg_proc LIMIT 1",

		`SELECT U&'d\0061t\+000061', U&'d!0061' UESCAPE '!', u&'a\\b', U&'\D83D\DE00', U&'it''s', U&'' AS U&"x!0061" uescape '!'`, `SELECT U&"d\0061"`,
		`SELECT U&'\D83D'`, `SELECT U&'\D83Dx'`, `SELECT U&'\DE00'`, `SELECT U&'\D83D\0041'`, `SELECT U&'\zz'`, `SELECT U&'\006'`, `SELECT U&'x\+00006'`, `SELECT U&'\'`,
		`SELECT U&'a' UESCAPE 'ab'`, `SELECT U&'a' UESCAPE '+'`, `SELECT U&'a' UESCAPE 'a'`, `SELECT U&'a' UESCAPE ' '`, `SELECT U&'a' UESCAPE ''`,
		`SELECT U&'a' UESCAPE`, `SELECT U&'a' UESCAPE;`, `SELECT U&'a' UESCAPE 5`, `SELECT U&'a' UESCAPE U&'!'`, `SELECT U&'a' UESCAPE E'\''`, `SELECT U&'!0041' -- c
 UESCAPE /* d */ $$!$$`, `SELECT U&'\0000'`, `SELECT U&'\+110000'`, `SELECT U&""`, `SELECT 'a' uescape 'b'`, `SELECT U&'a' uescape uescape`,
		`SELECT E'\uD83D\uDE00'`, `SELECT E'\uD83D'`, `SELECT E'\uD83Dx'`, `SELECT E'\u0000'`, `SELECT E'\U00110000'`, `SELECT E'\uDE00'`, `SELECT E'\u12'`,
		"SELECT 'a'\n 'b', E'a' -- c\n  'b'", "SELECT 'a' 'b'", "SELECT 'a' /* \n */ 'b'", "SELECT U&'\\00' \n '61'",
		"SELECT 1 LIMIT 'x'::text", "SELECT 2.5::int, -2.5::int, 3.5::bigint, 2.5::float8::int, '-0.5'::float8::int",
	} {
		t.Run(query, func(t *testing.T) {
			if diff := cmp.Diff(answer(t, theirs, query), answer(t, ours, query)); diff != "" {
				t.Errorf("PostgreSQL (-) and the node (+) differ:\n%s", diff)
			}
		})
	}
}

// What pg_type says of a type is what PostgreSQL says of it.
func TestTypesAreThePeers(t *testing.T) {
	theirs, ours := connectPeer(t), startNode(t).connect()
	var list string
	if err := ours.QueryRow(t.Context(), "SELECT array_to_string(ARRAY(SELECT oid FROM pg_type ORDER BY oid), ',')").Scan(&list); err != nil {
		t.Fatal(err)
	}
	query := "SELECT oid, typname, format_type(oid, NULL), typlen, typbyval, typtype, typcategory, typispreferred, typisdefined, typdelim, typelem, typarray, " +
		"typalign, typstorage FROM pg_type WHERE oid = ANY ('{" + list + "}') ORDER BY oid"
	if diff := cmp.Diff(answer(t, theirs, query), answer(t, ours, query)); diff != "" {
		t.Errorf("PostgreSQL (-) and the node (+) differ:\n%s", diff)
	}
}
