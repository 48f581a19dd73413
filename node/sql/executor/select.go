package executor

import (
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Plan is a SELECT ready to run, many times.
type Plan struct {
	Columns []rmgr.Column // of its rows
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

// Select plans a SELECT, or a subquery of the one that is being planned. What is wrong with it is an error here, before
// anything runs.
func (c *Compiler) Select(n *parser.Select) (*Plan, error) {
	p := &Plan{}
	c.level = &level{outer: c.level, columnPos: -1}
	defer func() { c.level = c.level.outer }()
	n = setInFrom(c, n)
	if err := c.from(p, n); err != nil {
		return nil, err
	}
	sourceCalls, sourceWriter := c.calls, c.Writer
	if err := c.itemsOf(p, n); err != nil {
		return nil, err
	}
	if err := c.conditions(p, n); err != nil {
		return nil, err
	}
	if len(p.sources) > 0 && c.Writer != sourceWriter {
		return nil, ereport.Errorf(ereport.CodeNotSupported, "the writing function %s cannot be called for each row of a source", c.Writer.Name).
			WithHint("One call is one atomic action. Call it once per statement.")
	}
	p.readFirst = len(p.sources) > 0 && c.calls > sourceCalls || len(p.sources) > 1
	if len(p.sources) == 0 {
		p.order = nil // one row is in order, and its calls must not run twice
	}
	p.aggregates = c.aggregates
	if len(p.aggregates) > 0 && c.columnPos >= 0 {
		return nil, c.fail(c.columnPos, ereport.CodeGrouping, "a column must appear in an aggregate function here: GROUP BY is not supported")
	}
	return p, nil
}

func (c *Compiler) itemsOf(p *Plan, n *parser.Select) error {
	for _, it := range n.Items {
		if it.Expr == nil {
			if err := c.star(p, it); err != nil {
				return err
			}
			continue
		}
		k, err := c.expr(it.Expr)
		if err != nil {
			return err
		}
		k = c.settle(k)
		if it.Alias != "" {
			k.name = it.Alias
		}
		p.add(k)
	}
	if len(p.items) > 1664 {
		return ereport.Errorf("54011", "target lists can have at most 1664 entries")
	}
	return nil
}

func (p *Plan) add(k computed) {
	p.items = append(p.items, k)
	col := rmgr.Column{Name: k.name, Type: k.typ}
	if k.shown != 0 {
		col.Type = k.shown
	}
	p.Columns = append(p.Columns, col)
}

func (c *Compiler) star(p *Plan, it parser.Item) error {
	found := false
	for _, s := range c.sources {
		if it.Table != "" && it.Table != s.alias {
			continue
		}
		found = true
		for i := range s.columns {
			c.columnPos = it.Pos
			p.add(columnOf(s, i, 0, it.Pos))
		}
	}
	switch {
	case found:
		return nil
	case it.Table != "":
		return c.fail(it.Pos, ereport.CodeUndefinedTable, "missing FROM-clause entry for table \"%s\"", it.Table)
	}
	return c.fail(it.Pos, ereport.CodeSyntax, "SELECT * with no tables specified is not valid")
}
