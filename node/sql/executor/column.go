package executor

import (
	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
)

// column finds a column of the sources of this SELECT, or else of those around it.
func (c *Compiler) column(e *parser.Column) (computed, error) {
	known := e.Table == ""
	depth := 0
	for l := c.level; l != nil; l, depth = l.outer, depth+1 {
		var found *computed
		for _, s := range l.sources {
			if e.Table != "" && e.Table != s.alias {
				continue
			}
			known = true
			for i, col := range s.columns {
				if col.Name != e.Name {
					continue
				}
				if found != nil {
					return computed{}, c.fail(e.Pos, ereport.CodeAmbiguousColumn, "column reference \"%s\" is ambiguous", e.Name)
				}
				k := columnOf(s, i, depth, e.Pos)
				found = &k
			}
		}
		if found == nil {
			continue
		}
		if c.inArgument && depth > 0 {
			return computed{}, c.unsupported(e.Pos, "a column of the query around it in an aggregate")
		}
		if !l.inArgument {
			l.columnPos = e.Pos
		}
		return *found, nil
	}
	return computed{}, c.noColumn(e, known)
}

// columnOf computes column i of a source of the SELECT that is depth levels further out.
func columnOf(s *sourcePlan, i, depth, pos int) computed {
	col, at := s.columns[i], s.at+i
	k := computed{typ: datum.Plain(col.Type), shown: datum.ShownAs(col.Type), pos: pos, name: col.Name}
	if k.eval = func(x *Execution) (any, error) { return x.source[at], nil }; depth > 0 {
		k.eval = func(x *Execution) (any, error) { return x.outer[len(x.outer)-depth][at], nil }
	}
	return k
}

// noColumn is the error of a name that no column has; known says that there is a source of its table's name.
func (c *Compiler) noColumn(e *parser.Column, known bool) *ereport.Error {
	if !known {
		return c.fail(e.Pos, ereport.CodeUndefinedTable, "missing FROM-clause entry for table \"%s\"", e.Table)
	}
	err := c.fail(e.Pos, ereport.CodeUndefinedColumn, "column \"%s\" does not exist", e.Name)
	if e.Table != "" {
		err.Message = "column " + e.Table + "." + e.Name + " does not exist"
	}
	if c.level != nil && len(c.sources) > 0 {
		s := c.sources[0]
		for _, other := range c.sources {
			if other.alias == e.Table {
				s = other
			}
		}
		return err.WithHint("%s has the columns %s.", s.alias, catalog.ColumnNames(s.columns))
	}
	return err
}
