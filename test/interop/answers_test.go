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
