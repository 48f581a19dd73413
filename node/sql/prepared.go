package sql

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Prepared is a statement whose names and types are resolved, ready to run many times, by one
// goroutine at a time. Functions are looked up once: what it calls stays what it was.
type Prepared struct {
	Statement *parser.Statement

	// Params are the types of $1, $2, …, as the client declared them or as their places demand.
	Params []uint32

	// Columns describe the rows; nil if the statement gives none.
	Columns []rmgr.Column

	name    string // in its session
	types   []rmgr.Type
	writer  *rmgr.Function // the one writing call, or nil
	queries bool           // it takes a snapshot, in PostgreSQL: a transaction's modes are settled then
	run     func(s *Session) (Tag, error)
}

// A Tag is what CommandComplete says.
type Tag struct {
	Verb    string
	Rows    int
	Counted bool
}

// AppendTo appends the tag's text, as "SELECT 3".
func (t Tag) AppendTo(dst []byte) []byte {
	dst = append(dst, t.Verb...)
	if t.Counted {
		dst = fmt.Appendf(dst, " %d", t.Rows)
	}
	return dst
}

func (t Tag) String() string { return string(t.AppendTo(nil)) }
