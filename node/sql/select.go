package sql

import (
	"github.com/redoubt-wal/redoubt/rmgr"
)

// A selectPlan is a SELECT ready to run.
type selectPlan struct {
	columns []rmgr.Column
	items   []computed
	sources []*sourcePlan
	width   int // columns of all sources
	where   *computed
	order   []sortKey
	limit   *computed
	offset  *computed

	aggregates []*aggregate

	// readFirst: expressions call functions, or there are several sources, so each is read to its end before
	// anything else runs. A function that waits for pages which a source's function holds would wait forever.
	readFirst bool
}

type sortKey struct {
	computed
	desc, nullsFirst bool
}

func (c *compiler) selectPlan(n *selectNode) (*selectPlan, error) {
	p := &selectPlan{}
	c.level = &level{outer: c.level, columnPos: -1}
	defer func() { c.level = c.level.outer }()
	n = setInFrom(c, n)
	if err := c.from(p, n); err != nil {
		return nil, err
	}
	sourceCalls, sourceWriter := c.calls, c.writer
	if err := c.itemsOf(p, n); err != nil {
		return nil, err
	}
	if err := c.conditions(p, n); err != nil {
		return nil, err
	}
	if len(p.sources) > 0 && c.writer != sourceWriter {
		return nil, errorf(codeNotSupported, "the writing function %s cannot be called for each row of a source", c.writer.Name).
			hint("One call is one atomic action. Call it once per statement.")
	}
	p.readFirst = len(p.sources) > 0 && c.calls > sourceCalls || len(p.sources) > 1
	if len(p.sources) == 0 {
		p.order = nil // one row is in order, and its calls must not run twice
	}
	p.aggregates = c.aggregates
	if len(p.aggregates) > 0 && c.columnPos >= 0 {
		return nil, c.fail(c.columnPos, codeGrouping, "a column must appear in an aggregate function here: GROUP BY is not supported")
	}
	return p, nil
}

func (c *compiler) itemsOf(p *selectPlan, n *selectNode) error {
	for _, it := range n.items {
		if it.expr == nil {
			if err := c.star(p, it); err != nil {
				return err
			}
			continue
		}
		k, err := c.expr(it.expr)
		if err != nil {
			return err
		}
		k = c.settle(k)
		if it.alias != "" {
			k.name = it.alias
		}
		p.add(k)
	}
	if len(p.items) > 1664 {
		return errorf("54011", "target lists can have at most 1664 entries")
	}
	return nil
}

func (p *selectPlan) add(k computed) {
	p.items = append(p.items, k)
	col := rmgr.Column{Name: k.name, Type: k.typ}
	if k.shown != 0 {
		col.Type = k.shown
	}
	p.columns = append(p.columns, col)
}

func (c *compiler) star(p *selectPlan, it item) error {
	found := false
	for _, s := range c.sources {
		if it.table != "" && it.table != s.alias {
			continue
		}
		found = true
		for i := range s.columns {
			c.columnPos = it.pos
			p.add(columnOf(s, i, 0, it.pos))
		}
	}
	switch {
	case found:
		return nil
	case it.table != "":
		return c.fail(it.pos, codeUndefinedTable, "missing FROM-clause entry for table \"%s\"", it.table)
	}
	return c.fail(it.pos, codeSyntax, "SELECT * with no tables specified is not valid")
}

func (c *compiler) conditions(p *selectPlan, n *selectNode) error {
	if n.where != nil {
		k, err := c.condition(n.where, "WHERE", "WHERE")
		if err != nil {
			return err
		}
		p.where = &k
	}
	for _, o := range n.order {
		k, err := c.sortKey(p, o.expr)
		if err != nil {
			return err
		}
		p.order = append(p.order, sortKey{k, o.desc, o.nullsFirst})
	}
	return c.limits(p, n)
}

func (c *compiler) limits(p *selectPlan, n *selectNode) error {
	sources := c.sources
	c.sources, c.noCalls = nil, "LIMIT"
	defer func() { c.sources, c.noCalls = sources, "" }()
	for _, l := range []struct {
		from expr
		into **computed
		name string
	}{{n.limit, &p.limit, "LIMIT"}, {n.offset, &p.offset, "OFFSET"}} {
		if l.from == nil {
			continue
		}
		k, err := c.expr(l.from)
		if err != nil {
			return err
		}
		b, err := c.coerce(k, rmgr.Int8)
		if err == errNoCoercion {
			return c.fail(k.pos, codeDatatypeMismatch, "argument of %s must be type bigint, not type %s", l.name, TypeName(k.typ))
		}
		if err != nil {
			return err
		}
		*l.into = &b
	}
	return nil
}

// sortKey compiles what stands behind ORDER BY: a column's number, a label of the select list, or
// an expression.
func (c *compiler) sortKey(p *selectPlan, e expr) (computed, error) {
	switch e := e.(type) {
	case *literal:
		k, err := c.literal(e)
		if err != nil || e.kind != intLiteral {
			return k, c.fail(e.pos, codeSyntax, "non-integer constant in ORDER BY")
		}
		n, _ := k.eval(nil)
		if i := n.(int64); i >= 1 && i <= int64(len(p.items)) {
			return p.items[i-1], nil
		}
		return k, c.fail(e.pos, "42P10", "ORDER BY position %s is not in select list", e.text)
	case *column:
		if e.table == "" {
			for _, it := range p.items {
				if it.name == e.name {
					return it, nil
				}
			}
		}
	}
	k, err := c.expr(e)
	return c.settle(k), err
}
