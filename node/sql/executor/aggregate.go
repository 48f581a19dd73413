package executor

import (
	"bytes"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// An aggregate sums up its argument over all rows.
type aggregate struct {
	kind     aggregateKind
	argument *computed // nil for count(*)
	slot     int
}

type aggregateKind int

const (
	countRows aggregateKind = iota
	sumOf
	minOf
	maxOf
)

var aggregateKinds = map[string]aggregateKind{"count": countRows, "sum": sumOf, "min": minOf, "max": maxOf}

func (c *Compiler) aggregate(e *parser.Call, kind aggregateKind) (computed, error) {
	if c.inArgument {
		return computed{}, c.fail(e.Pos, ereport.CodeGrouping, "aggregate function calls cannot be nested")
	}
	if c.noCalls != "" {
		return computed{}, c.fail(e.Pos, ereport.CodeGrouping, "aggregate functions are not allowed in %s", c.noCalls)
	}
	a := &aggregate{kind: kind, slot: len(c.aggregates)}
	out := computed{typ: rmgr.Int8, pos: e.Pos, name: e.Name}
	if !e.Star || kind != countRows {
		if len(e.Args) != 1 {
			return out, c.fail(e.Pos, ereport.CodeUndefinedFunction, "function %s with %d arguments does not exist", e.Name, len(e.Args))
		}
		c.inArgument = true
		k, err := c.expr(e.Args[0])
		c.inArgument = false
		if err != nil {
			return out, err
		}
		k = c.settle(k)
		if out.typ, err = c.aggregateType(e, kind, k.typ); err != nil {
			return out, err
		}
		a.argument = &k
	}
	c.aggregates = append(c.aggregates, a)
	out.eval = func(x *Execution) (any, error) { return x.totals[a.slot], nil }
	return out, nil
}

func (c *Compiler) aggregateType(e *parser.Call, kind aggregateKind, typ rmgr.Type) (rmgr.Type, error) {
	switch {
	case kind == countRows:
		return rmgr.Int8, nil
	case kind != sumOf && typ != rmgr.Bool:
		return typ, nil
	case kind == sumOf && (typ == rmgr.Int4 || typ == rmgr.Int8):
		return rmgr.Int8, nil
	case kind == sumOf && typ == rmgr.Float8:
		return typ, nil
	}
	return typ, c.fail(e.Pos, ereport.CodeUndefinedFunction, "function %s(%s) does not exist", e.Name, strings.ToLower(datum.TypeName(typ))).WithHint("%s", hintTypes)
}

func (p *Plan) runAggregates(x *Execution, offset int64) error {
	x.totals = make([]any, len(p.aggregates))
	for i, a := range p.aggregates {
		if a.kind == countRows {
			x.totals[i] = int64(0)
		}
	}
	err := p.eachRow(x, func() error {
		for _, a := range p.aggregates {
			if err := a.step(x); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || offset > 0 {
		return err
	}
	return p.send(x)
}

func (a *aggregate) step(x *Execution) error {
	var v any
	if a.argument != nil {
		var err error
		if v, err = a.argument.eval(x); v == nil || err != nil {
			return err
		}
	}
	if b, ok := v.([]byte); ok {
		v = bytes.Clone(b) // it may lie in a page
	}
	total := &x.totals[a.slot]
	switch {
	case a.kind == countRows:
		*total = (*total).(int64) + 1
	case *total == nil:
		*total = v
	case a.kind == sumOf:
		return a.add(total, v)
	case a.kind == minOf && datum.Compare(v, *total) < 0, a.kind == maxOf && datum.Compare(v, *total) > 0:
		*total = v
	}
	return nil
}

func (a *aggregate) add(total *any, v any) (err error) {
	if f, ok := v.(float64); ok {
		*total, err = datum.FloatOperator("+")((*total).(float64), f)
		return err
	}
	m, _ := datum.Integer(*total)
	n, _ := datum.Integer(v)
	*total, err = datum.IntegerOperator("+")(rmgr.Int8, m, n)
	return err
}
