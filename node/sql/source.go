package sql

import (
	"slices"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A sourcePlan is what stands behind FROM.
type sourcePlan struct {
	fn      *rmgr.Function
	args    []computed
	view    *View
	alias   string
	columns []rmgr.Column
}

// setInFrom turns SELECT f(…) for a set of single values into SELECT * FROM f(…).
func setInFrom(c *compiler, n *selectNode) *selectNode {
	if n.from != nil || len(n.items) != 1 {
		return n
	}
	e, ok := n.items[0].expr.(*call)
	if !ok {
		return n
	}
	fn, ok := c.session.engine.Catalog.Function(e.name, len(e.args))
	if !ok || !fn.Set || len(fn.Returns) != 1 {
		return n
	}
	label := n.items[0].alias
	if label == "" {
		label = fn.Name
	}
	moved := *n
	moved.items = []item{{pos: e.pos}}
	moved.from = &source{call: e, alias: label, pos: e.pos}
	return &moved
}

func (c *compiler) from(p *selectPlan, n *selectNode) error {
	f := n.from
	if f == nil {
		return nil
	}
	s := &sourcePlan{alias: f.alias}
	if f.call != nil {
		var err error
		if s.fn, s.args, err = c.function(f.call); err != nil {
			return err
		}
		s.columns = slices.Clone(s.fn.Returns)
		if len(s.columns) == 1 && (s.columns[0].Name == "" || f.alias != "") {
			s.columns[0].Name = f.alias
			if f.alias == "" {
				s.columns[0].Name = s.fn.Name
			}
		}
		if s.alias == "" {
			s.alias = s.fn.Name
		}
	} else {
		view, ok := c.session.engine.Catalog.View(f.name)
		if !ok {
			return c.fail(f.pos, codeUndefinedTable, "relation %q does not exist", f.name).hint("%s", hintData)
		}
		s.view, s.columns = view, slices.Clone(view.Columns)
		if s.alias == "" {
			s.alias = f.name
		}
	}
	if len(f.columns) > len(s.columns) {
		return c.fail(f.pos, "42P10", "%q has %d columns available but %d columns specified", s.alias, len(s.columns), len(f.columns))
	}
	for i, name := range f.columns {
		s.columns[i].Name = name
	}
	c.source, p.source = s, s
	return nil
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
	case p.source == nil:
		return each()
	case p.readFirst:
		return p.eachKept(x, each)
	}
	return p.source.scan(x, func(row ...any) error {
		x.source = row
		return each()
	})
}

func (p *selectPlan) eachKept(x *execution, each func() error) error {
	kept := keeper{limit: x.session.engine.ResultLimit()}
	if err := p.source.scan(x, kept.addRow); err != nil {
		return err
	}
	for i, row := range kept.rows {
		if err := x.alive(i); err != nil {
			return err
		}
		x.source = row
		if err := each(); err != nil {
			return err
		}
	}
	return nil
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
		lsn, err := x.session.engine.Caller.Call(x.ctx, s.fn, args, checked)
		x.session.wrote(s.fn, lsn)
		return err
	}
	// A write runs to its end, whatever becomes of its rows.
	kept := keeper{limit: x.session.engine.ResultLimit()}
	lsn, err := x.session.engine.Caller.Call(x.ctx, s.fn, args, kept.addRow)
	x.session.wrote(s.fn, lsn)
	if err != nil {
		return err
	}
	for _, values := range kept.rows {
		if err := checked(values...); err != nil {
			return err
		}
	}
	return nil
}
