package sql

import (
	"slices"

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
	view    *View
	alias   string
	columns []rmgr.Column
}

// setInFrom turns SELECT f(…) for a set of single values into SELECT * FROM f(…).
func setInFrom(c *compiler, n *parser.Select) *parser.Select {
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

func (c *compiler) from(p *selectPlan, n *parser.Select) error {
	for _, f := range n.From {
		s, err := c.sourceOf(f)
		if err != nil {
			return err
		}
		for _, other := range c.sources {
			if other.alias == s.alias {
				return c.fail(f.Pos, codeDuplicateAlias, "table name \"%s\" specified more than once", s.alias)
			}
		}
		s.join, s.at = f.Join, p.width
		p.width += len(s.columns)
		c.sources = append(c.sources, s)
		if f.On != nil {
			k, err := c.condition(f.On, "JOIN/ON", "JOIN conditions")
			if err != nil {
				return err
			}
			s.on = &k
		}
	}
	p.sources = c.sources
	return nil
}

// condition compiles what is computed for each row before rows are summed up.
func (c *compiler) condition(e parser.Expr, argument, place string) (computed, error) {
	inside, position := len(c.aggregates), c.columnPos
	k, err := c.boolean(e, argument)
	if err == nil && len(c.aggregates) > inside {
		err = c.fail(e.At(), codeGrouping, "aggregate functions are not allowed in %s", place)
	}
	c.columnPos = position
	return k, err
}

func (c *compiler) sourceOf(f *parser.Source) (*sourcePlan, error) {
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
			return nil, c.fail(f.Pos, codeUndefinedTable, "relation \"%s\" does not exist", f.Name).hint("%s", parser.HintData)
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

// eachRow calls fn for each row of the source that WHERE lets through, with the row in x.source.
func (p *selectPlan) eachRow(x *execution, fn func() error) error {
	each := func() error {
		if p.where != nil {
			if ok, err := p.where.truth(x); !ok || err != nil {
				return err
			}
		}
		return fn()
	}
	switch {
	case len(p.sources) == 0:
		return each()
	case p.readFirst:
		return p.eachKept(x, each)
	}
	return p.sources[0].scan(x, func(row ...any) error {
		x.source = row
		return each()
	})
}

// eachKept reads all sources to their ends, one after another, before the first row is made of theirs.
func (p *selectPlan) eachKept(x *execution, each func() error) error {
	l := loop{p: p, x: x, rows: make([][][]any, len(p.sources)), each: each}
	kept := x.keeper()
	defer kept.release()
	for i, s := range p.sources {
		kept.rows = nil // they go on counting
		if err := s.scan(x, kept.addRow); err != nil {
			return err
		}
		l.rows[i] = kept.rows
	}
	if len(p.sources) > 1 {
		x.source = make([]any, p.width)
	}
	return l.from(0)
}

// A loop goes through the rows of several sources, nested in each other.
type loop struct {
	p     *selectPlan
	x     *execution
	rows  [][][]any // of each source
	each  func() error
	steps int
}

// from joins source i and those behind it to the row of those before it.
func (l *loop) from(i int) error {
	if i == len(l.rows) {
		return l.each()
	}
	s, x := l.p.sources[i], l.x
	matched := false
	for _, row := range l.rows[i] {
		if err := x.alive(l.steps); err != nil {
			return err
		}
		l.steps++
		if len(l.rows) == 1 {
			x.source = row
		} else {
			copy(x.source[s.at:], row)
		}
		if s.on != nil {
			if ok, err := s.on.truth(x); err != nil {
				return err
			} else if !ok {
				continue
			}
		}
		matched = true
		if err := l.from(i + 1); err != nil {
			return err
		}
	}
	if matched || s.join != parser.LeftJoin {
		return nil
	}
	clear(x.source[s.at : s.at+len(s.columns)])
	return l.from(i + 1)
}

// scan reads the source to its end, or until row returns an error.
func (s *sourcePlan) scan(x *execution, row func(...any) error) error {
	n := 0
	checked := func(values ...any) error {
		if err := x.alive(n); err != nil {
			return err
		}
		n++
		if len(values) != len(s.columns) {
			return errorf(codeInternal, "%s returned a row of %d columns, not %d", s.alias, len(values), len(s.columns))
		}
		return row(values...)
	}
	if s.view != nil {
		return s.view.Rows(x.ctx, checked)
	}
	args, null, err := evalArgs(x, s.args)
	if err != nil {
		return err
	}
	if null && s.fn.Strict {
		if s.fn.Set {
			return nil
		}
		return row(make([]any, len(s.columns))...)
	}
	if s.fn.Write == nil {
		return x.run(x.ctx, s.fn, args, checked)
	}
	// A write runs to its end, whatever becomes of its rows.
	kept := x.keeper()
	defer kept.release()
	if err := x.run(x.ctx, s.fn, args, kept.addRow); err != nil {
		return err
	}
	for _, values := range kept.rows {
		if err := checked(values...); err != nil {
			return err
		}
	}
	return nil
}
