package sql

import (
	"bytes"
	"context"
	"errors"
	"slices"

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

// A sourcePlan is what stands behind FROM.
type sourcePlan struct {
	fn      *rmgr.Function
	args    []computed
	view    *View
	alias   string
	columns []rmgr.Column
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
	p.columns = append(p.columns, rmgr.Column{Name: k.name, Type: k.typ})
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

// errEnough ends a source early.
var errEnough = errors.New("enough rows")

func (p *selectPlan) run(x *execution) (Tag, error) {
	limit, offset, err := p.window(x)
	if err != nil {
		return Tag{}, err
	}
	x.rows = 0
	if limit != 0 {
		switch {
		case len(p.aggregates) > 0:
			err = p.runAggregates(x, offset)
		case len(p.order) > 0:
			err = p.runSorted(x, limit, offset)
		default:
			err = p.runInOrder(x, limit, offset)
		}
	}
	return Tag{"SELECT", x.rows, true}, err
}

// window computes LIMIT and OFFSET; limit is -1 if there is none.
func (p *selectPlan) window(x *execution) (limit, offset int64, err error) {
	limit = -1
	for _, w := range []struct {
		k    *computed
		into *int64
		code string
		name string
	}{{p.limit, &limit, codeInvalidRowCount, "LIMIT"}, {p.offset, &offset, codeInvalidRowOffset, "OFFSET"}} {
		if w.k == nil {
			continue
		}
		v, err := w.k.eval(x)
		if err != nil {
			return 0, 0, err
		}
		if n, ok := v.(int64); ok {
			if n < 0 {
				return 0, 0, errorf(w.code, "%s must not be negative", w.name)
			}
			*w.into = n
		}
	}
	return limit, offset, nil
}

func (p *selectPlan) runInOrder(x *execution, limit, offset int64) error {
	if p.source == nil && p.where == nil && limit < 0 && offset == 0 {
		return p.send(x)
	}
	err := p.eachRow(x, func() error {
		if offset > 0 {
			offset--
			return nil
		}
		if err := p.send(x); err != nil {
			return err
		}
		if limit--; limit == 0 {
			return errEnough
		}
		return nil
	})
	return enough(err)
}

// enough drops the error by which a row function ended its source.
func enough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// send computes the row of the select list and hands it out.
func (p *selectPlan) send(x *execution) error {
	x.out = x.out[:0]
	for i := range p.items {
		v, err := p.items[i].eval(x)
		if err != nil {
			return err
		}
		x.out = append(x.out, v)
	}
	x.rows++
	return x.emit(x.out)
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

// alive fails every so often if the statement was cancelled.
func (x *execution) alive(step int) error {
	if step%64 == 0 && x.ctx.Err() != nil {
		return context.Cause(x.ctx)
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

// A keeper holds rows beyond the call that gave them.
type keeper struct {
	rows  [][]any
	bytes int
	limit int
}

func (k *keeper) addRow(row ...any) error { return k.add(row) }

func (k *keeper) add(row []any) error {
	kept := make([]any, len(row))
	k.bytes += 24 + 16*len(row)
	for i, v := range row {
		switch v := v.(type) {
		case string:
			k.bytes += 16 + len(v)
			kept[i] = v
		case []byte:
			k.bytes += 24 + len(v)
			kept[i] = bytes.Clone(v) // it may lie in a page
		default:
			k.bytes += 8
			kept[i] = v
		}
	}
	if k.bytes > k.limit {
		return errorf(codeProgramLimit, "the result does not fit into %d bytes", k.limit).
			hint("Sorting, reading in parts and calls per row hold the rows in memory. Narrow the source.")
	}
	k.rows = append(k.rows, kept)
	return nil
}

func (p *selectPlan) runSorted(x *execution, limit, offset int64) error {
	kept := keeper{limit: x.session.engine.ResultLimit()}
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
		if err := x.emit(row[:width]); err != nil {
			return err
		}
	}
	return nil
}

func (p *selectPlan) compareKeys(a, b []any) int {
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
			n = compare(a[i], b[i])
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
