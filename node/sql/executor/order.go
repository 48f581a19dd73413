package executor

import (
	"slices"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
)

type sortKey struct {
	computed
	desc, nullsFirst bool
}

// sortKey compiles what stands behind ORDER BY: a column's number, a label of the select list, or
// an expression.
func (c *Compiler) sortKey(p *Plan, e parser.Expr) (computed, error) {
	switch e := e.(type) {
	case *parser.Literal:
		k, err := c.literal(e)
		if err != nil || e.Kind != parser.IntLiteral {
			return k, c.fail(e.Pos, ereport.CodeSyntax, "non-integer constant in ORDER BY")
		}
		n, _ := k.eval(nil)
		if i := n.(int64); i >= 1 && i <= int64(len(p.items)) {
			return p.items[i-1], nil
		}
		return k, c.fail(e.Pos, "42P10", "ORDER BY position %s is not in select list", e.Text)
	case *parser.Column:
		if e.Table == "" {
			for _, it := range p.items {
				if it.name == e.Name {
					return it, nil
				}
			}
		}
	}
	k, err := c.expr(e)
	return c.settle(k), err
}

func (c *Compiler) conditions(p *Plan, n *parser.Select) error {
	if n.Where != nil {
		k, err := c.condition(n.Where, "WHERE", "WHERE")
		if err != nil {
			return err
		}
		p.where = &k
	}
	for _, o := range n.Order {
		k, err := c.sortKey(p, o.Expr)
		if err != nil {
			return err
		}
		p.order = append(p.order, sortKey{k, o.Desc, o.NullsFirst})
	}
	return c.limits(p, n)
}

func (p *Plan) runSorted(x *Execution, limit, offset int64) error {
	kept := x.keeper()
	defer kept.release()
	width := len(p.items)
	err := p.eachRow(x, func() error {
		x.out = x.out[:0]
		for i := range p.items {
			v, err := p.items[i].eval(x)
			if err != nil {
				return err
			}
			x.out = append(x.out, v)
		}
		for i := range p.order {
			v, err := p.order[i].eval(x)
			if err != nil {
				return err
			}
			x.out = append(x.out, v)
		}
		return kept.add(x.out)
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(kept.rows, func(a, b []any) int { return p.compareKeys(a[width:], b[width:]) })
	rows := kept.rows[min(offset, int64(len(kept.rows))):]
	if limit >= 0 && limit < int64(len(rows)) {
		rows = rows[:limit]
	}
	for i, row := range rows {
		if err := x.alive(i); err != nil {
			return err
		}
		x.rows++
		if err := x.Emit(row[:width]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) compareKeys(a, b []any) int {
	for i, o := range p.order {
		n := 0
		switch {
		case a[i] == nil && b[i] == nil:
			continue
		case a[i] == nil || b[i] == nil:
			n = 1
			if (a[i] == nil) == o.nullsFirst {
				n = -1
			}
			return n
		default:
			n = datum.Compare(a[i], b[i])
		}
		if o.desc {
			n = -n
		}
		if n != 0 {
			return n
		}
	}
	return 0
}
