package catalog

import (
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// Signature shows a function as people declare it: kv_put(key text, value text) returns pg_lsn.
func Signature(fn *rmgr.Function) string {
	var b strings.Builder
	b.WriteString(fn.Name)
	b.WriteByte('(')
	for i, a := range fn.Args {
		if i > 0 {
			b.WriteString(", ")
		}
		if fn.Variadic && i == len(fn.Args)-1 {
			b.WriteString("variadic ")
		}
		if a.Name != "" {
			b.WriteString(a.Name + " ")
		}
		b.WriteString(datum.TypeName(a.Type))
		if i >= Fewest(fn) && i < Fewest(fn)+len(fn.Defaults) {
			b.WriteString(" default")
		}
	}
	b.WriteByte(')')
	switch {
	case len(fn.Returns) == 1 && !fn.Set:
		b.WriteString(" returns " + datum.TypeName(fn.Returns[0].Type))
	case len(fn.Returns) > 0:
		b.WriteString(" returns rows of (" + ColumnNames(fn.Returns) + ")")
	}
	return b.String()
}

// ColumnNames lists the names of columns, for messages.
func ColumnNames(columns []rmgr.Column) string {
	names := make([]string, len(columns))
	for i, col := range columns {
		names[i] = col.Name
	}
	return strings.Join(names, ", ")
}

// Fewest is how many arguments a function takes at least, and most at most.
func Fewest(fn *rmgr.Function) int {
	if fn.Variadic {
		return len(fn.Args) - 1 - len(fn.Defaults)
	}
	return len(fn.Args) - len(fn.Defaults)
}

func most(fn *rmgr.Function) int {
	if fn.Variadic {
		return maxArgs
	}
	return len(fn.Args)
}

// Takes reports whether a function can be called with n arguments.
func Takes(fn *rmgr.Function, n int) bool { return n >= Fewest(fn) && n <= most(fn) }

// maxArgs is PostgreSQL's FUNC_MAX_ARGS.
const maxArgs = 100
