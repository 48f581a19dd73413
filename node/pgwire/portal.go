package pgwire

import (
	"github.com/redoubt-wal/redoubt/node/sql"
)

// A portal is a statement with its parameters bound.
type portal struct {
	statement *sql.Prepared
	args      []any
	formats   []int16

	// A portal that was executed with a row limit has run to its end: its rows are kept encoded
	// and handed out in parts, so that no function's pages stay held between two messages.
	ran  bool
	rows [][]byte
	tag  sql.Tag
}

// part hands out up to limit of the rows that are left (0: all); more reports whether the limit ended it, as PostgreSQL
// says it even if no row is left.
func (p *portal) part(out *output, limit int) (n int, more bool) {
	n = len(p.rows)
	if limit > 0 && limit <= n {
		n, more = limit, true
	}
	for _, row := range p.rows[:n] {
		out.buf = append(out.buf, row...)
	}
	p.rows = p.rows[n:]
	return n, more
}
