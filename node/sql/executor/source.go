package executor

import (
	"slices"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// A sourcePlan is one of what stands behind FROM.
type sourcePlan struct {
	join    parser.JoinKind
	on      *computed // nil: every row fits
	at      int       // of its first column in the row of all sources
	fn      *rmgr.Function
	args    []computed
	view    *catalog.View
	alias   string
	columns []rmgr.Column
}

// setInFrom turns SELECT f(…) for a set of single values into SELECT * FROM f(…).
func setInFrom(c *Compiler, n *parser.Select) *parser.Select {
	if len(n.From) > 0 || len(n.Items) != 1 {
		return n
	}
	e, ok := n.Items[0].Expr.(*parser.Call)
	if !ok {
		return n
	}
	fn, ok := c.catalog.Function(e.Name, len(e.Args))
	if !ok || !fn.Set || len(fn.Returns) != 1 {
		return n
	}
	label := n.Items[0].Alias
	if label == "" {
		label = fn.Name
	}
	moved := *n
	moved.Items = []parser.Item{{Pos: e.Pos}}
	moved.From = []*parser.Source{{Call: e, Alias: label, Pos: e.Pos}}
	return &moved
}

func (c *Compiler) from(p *Plan, n *parser.Select) error {
	begin := 0 // of the sources that are joined to the next one
	for i, f := range n.From {
		if f.Comma {
			begin = i
		}
		s, err := c.sourceOf(f)
		if err != nil {
			return err
		}
		for _, other := range c.sources {
			if other.alias == s.alias {
				return c.fail(f.Pos, ereport.CodeDuplicateAlias, "table name \"%s\" specified more than once", s.alias)
			}
		}
		s.join, s.at = f.Join, p.width
		p.width += len(s.columns)
		c.sources = append(c.sources, s)
		if f.On != nil {
			all := c.sources
			c.sources = all[begin:]
			k, err := c.condition(f.On, "JOIN/ON", "JOIN conditions")
			if c.sources = all; err != nil {
				return err
			}
			s.on = &k
		}
	}
	p.sources = c.sources
	return nil
}

// condition compiles what is computed for each row before rows are summed up.
func (c *Compiler) condition(e parser.Expr, argument, place string) (computed, error) {
	inside, position := len(c.aggregates), c.columnPos
	k, err := c.boolean(e, argument)
	if err == nil && len(c.aggregates) > inside {
		err = c.fail(e.At(), ereport.CodeGrouping, "aggregate functions are not allowed in %s", place)
	}
	c.columnPos = position
	return k, err
}

func (c *Compiler) sourceOf(f *parser.Source) (*sourcePlan, error) {
	s := &sourcePlan{alias: f.Alias}
	if f.Call != nil {
		// Arguments do not see the other sources: there is no LATERAL.
		beside := c.sources
		c.sources = nil
		var err error
		s.fn, s.args, err = c.function(f.Call)
		if c.sources = beside; err != nil {
			return nil, err
		}
		s.columns = slices.Clone(s.fn.Returns)
		if len(s.columns) == 1 && (s.columns[0].Name == "" || f.Alias != "") {
			s.columns[0].Name = f.Alias
			if f.Alias == "" {
				s.columns[0].Name = s.fn.Name
			}
		}
		if s.alias == "" {
			s.alias = s.fn.Name
		}
	} else {
		view, ok := c.catalog.View(f.Name)
		if !ok {
			return nil, c.fail(f.Pos, ereport.CodeUndefinedTable, "relation \"%s\" does not exist", f.Name).WithHint("%s", parser.HintData)
		}
		s.view, s.columns = view, slices.Clone(view.Columns)
		if s.alias == "" {
			s.alias = f.Name
		}
	}
	if len(f.Columns) > len(s.columns) {
		return nil, c.fail(f.Pos, "42P10", "\"%s\" has %d columns available but %d columns specified", s.alias, len(s.columns), len(f.Columns))
	}
	for i, name := range f.Columns {
		s.columns[i].Name = name
	}
	return s, nil
}
