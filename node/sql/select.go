package sql

import (
	"github.com/redoubt-wal/redoubt/rmgr"
)

// A selectPlan is a SELECT ready to run.
type selectPlan struct {
	columns []rmgr.Column
	items   []computed
	source  *sourcePlan // nil without FROM
	where   *computed
	order   []sortKey
	limit   *computed
	offset  *computed

	aggregates []*aggregate

	// readFirst: expressions call functions, so the source is read to its end before any runs. A
	// function that waits for pages which the source's function holds would wait forever.
	readFirst bool
}

type sortKey struct {
	computed
	desc, nullsFirst bool
}

func (c *compiler) selectPlan(n *selectNode) (*selectPlan, error) {
	p := &selectPlan{}
	c.columnPos = -1
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
	if p.source != nil && c.writer != sourceWriter {
		return nil, errorf(codeNotSupported, "the writing function %s cannot be called for each row of a source", c.writer.Name).
			hint("One call is one atomic action. Call it once per statement.")
	}
	p.readFirst = p.source != nil && c.calls > sourceCalls
	if p.source == nil {
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
	if c.source == nil {
		return c.fail(it.pos, codeSyntax, "SELECT * with no tables specified is not valid")
	}
	for _, col := range c.source.columns {
		k, err := c.column(&column{it.pos, it.table, col.Name})
		if err != nil {
			return err
		}
		p.add(k)
	}
	return nil
}

func (c *compiler) conditions(p *selectPlan, n *selectNode) error {
	if n.where != nil {
		inside := len(c.aggregates)
		position := c.columnPos
		k, err := c.boolean(n.where, "WHERE")
		if err != nil {
			return err
		}
		if len(c.aggregates) > inside {
			return c.fail(n.where.at(), codeGrouping, "aggregate functions are not allowed in WHERE")
		}
		p.where, c.columnPos = &k, position
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
	source := c.source
	c.source, c.noCalls = nil, "LIMIT"
	defer func() { c.source, c.noCalls = source, "" }()
	for _, l := range []struct {
		from expr
		into **computed
	}{{n.limit, &p.limit}, {n.offset, &p.offset}} {
		if l.from == nil {
			continue
		}
		k, err := c.expr(l.from)
		if err != nil {
			return err
		}
		b, err := c.coerce(k, rmgr.Int8)
		if err == errNoCoercion {
			return c.fail(k.pos, codeDatatypeMismatch, "argument of LIMIT must be type bigint, not type %s", TypeName(k.typ))
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
