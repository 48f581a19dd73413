package interop_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What random statements give, rows or SQLSTATE, is what PostgreSQL gives. Left out is what docs/reference/node.md names
// as different: numeric, and with it integers beyond bigint; letters beyond ASCII in another case.
func TestRandomStatementsGiveWhatThePeersGive(t *testing.T) {
	theirs, ours := connectPeer(t), startNode(t).connect()
	const seed, statements = 15, 3000
	s := speaker{rand.New(rand.NewPCG(seed, 0))}
	failed := 0
	for range statements {
		query := "SELECT " + s.expression(s.one(types), 1+s.IntN(4))
		if s.IntN(3) == 0 {
			query = s.joins()
		}
		want, got := result(t, theirs, query), result(t, ours, query)
		if got != want {
			t.Errorf("%s\ngave %s\nwant %s", query, got, want)
		}
		if strings.HasPrefix(want, "ERROR") {
			failed++
		}
	}
	if failed > statements/2 {
		t.Errorf("%d of %d statements fail: they say too little", failed, statements)
	}
}

// result is a statement's rows as text, or its SQLSTATE.
func result(t *testing.T, c *pgx.Conn, query string) string {
	t.Helper()
	results, err := c.PgConn().Exec(t.Context(), query).ReadAll()
	if e, ok := err.(*pgconn.PgError); ok {
		return "ERROR " + e.Code
	}
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var b strings.Builder
	for _, row := range results[0].Rows {
		for _, v := range row {
			if v == nil {
				v = []byte("NULL")
			}
			fmt.Fprintf(&b, "%s|", v)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A speaker says random things.
type speaker struct{ *rand.Rand }

func (s speaker) one(of []string) string { return of[s.IntN(len(of))] }

// fill puts expressions into a form: {T} is one of type T, {} one of type t.
func (s speaker) fill(form, t string, depth int) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(form, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		of, after, _ := strings.Cut(rest, "}")
		switch of {
		case "":
			of = t
		case "any":
			of = s.one(types)
		}
		b.WriteString(s.expression(of, depth-1))
		form = after
	}
}

func (s speaker) expression(t string, depth int) string {
	switch {
	case s.IntN(12) == 0:
		return "NULL::" + t
	case depth <= 0 || s.IntN(6) == 0:
		return s.one(constants[t])
	case s.IntN(4) == 0:
		return s.fill(s.one(forms["any"]), t, depth)
	}
	return s.fill(s.one(forms[t]), t, depth)
}

// joins is a SELECT over several sources, whose rows have one order only.
func (s speaker) joins() string {
	var from, columns string
	order := ""
	for i := range 1 + s.IntN(3) {
		name := string(rune('x' + i))
		series := fmt.Sprintf("generate_series(%d, %d, %s) %s(a)", s.IntN(4), s.IntN(9), s.one([]string{"1", "2", "-1"}), name)
		join := s.one([]string{" JOIN ", " LEFT JOIN ", " CROSS JOIN ", ", "})
		switch {
		case i == 0:
			from = series
		case strings.HasSuffix(join, "T JOIN ") || join == " JOIN ":
			from += join + series + " ON " + s.condition(columns+name)
		default:
			from += join + series
		}
		columns += name
		order += ", " + name + ".a"
	}
	where := " WHERE " + s.condition(columns)
	if s.IntN(3) == 0 {
		return fmt.Sprintf("SELECT count(*), sum(%s), min(%s), max((%s)::text) FROM %s%s", s.number(columns), s.number(columns), s.number(columns), from, where)
	}
	return fmt.Sprintf("SELECT %s, %s, (SELECT max(w.a) FROM generate_series(1, 3) w(a) WHERE w.a < %s) FROM %s%s ORDER BY %s%s%s LIMIT %s OFFSET %d",
		s.number(columns), s.condition(columns), s.number(columns), from, where, s.number(columns),
		s.one([]string{"", " DESC", " NULLS FIRST", " DESC NULLS LAST"}), order, s.one([]string{"3", "20", "ALL", "NULL"}), s.IntN(2))
}

// number is one that depends on the columns a of sources.
func (s speaker) number(sources string) string {
	column := func() string { return string(sources[s.IntN(len(sources))]) + ".a" }
	form := s.one([]string{"%[1]s", "%[1]s + %[2]s", "%[1]s - 2 * %[2]s", "%[1]s %% 3", "nullif(%[1]s, 2)", "CASE WHEN %[1]s > 2 THEN %[2]s END"})
	return fmt.Sprintf(form, column(), column())
}

func (s speaker) condition(sources string) string {
	a, b := s.number(sources), s.number(sources)
	return fmt.Sprintf(s.one([]string{"%s = %s", "%s < %s", "%s IS NULL OR %s > 1", "%s IN (1, %s)", "%s BETWEEN 1 AND %s", "%s IS DISTINCT FROM %s"}), a, b)
}
