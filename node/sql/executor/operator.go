package executor

import (
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func (c *Compiler) unary(e *parser.Unary) (computed, error) {
	if e.Op == "not" {
		k, err := c.boolean(e.X, "NOT")
		if err != nil {
			return k, err
		}
		k = convert(k, rmgr.Bool, func(v any) (any, error) { return !v.(bool), nil })
		k.name = "?column?"
		return k, nil
	}
	k, err := c.expr(e.X)
	if err != nil {
		return k, err
	}
	switch {
	case e.Op == "+" && (k.typ == rmgr.Float8 || k.typ == rmgr.Int4 || k.typ == rmgr.Int8):
	case k.typ == rmgr.Float8:
		k = convert(k, k.typ, func(v any) (any, error) { return -v.(float64), nil })
	case k.typ == rmgr.Int4 || k.typ == rmgr.Int8:
		typ, negate := k.typ, datum.IntegerOperator("-")
		k = convert(k, typ, func(v any) (any, error) { return negate(typ, 0, v.(int64)) })
	default:
		return k, c.fail(e.Pos, ereport.CodeUndefinedFunction, "operator does not exist: %s %s", e.Op, datum.TypeName(k.typ))
	}
	k.name, k.shown = "?column?", 0
	return k, nil
}

func (c *Compiler) infix(e *parser.Infix) (computed, error) {
	switch e.Op {
	case "and", "or":
		return c.logical(e)
	}
	l, err := c.expr(e.Left)
	if err != nil {
		return l, err
	}
	r, err := c.expr(e.Right)
	if err != nil {
		return r, err
	}
	out := computed{pos: e.Pos, name: "?column?"}
	if err = c.operate(&out, e.Op, l, r); err == errNoCoercion {
		err = c.noOperator(e.Pos, strings.ToUpper(e.Op), shownType(l), shownType(r))
	}
	return out, err
}

// operate makes out what an operator gives of l and r.
func (c *Compiler) operate(out *computed, op string, l, r computed) error {
	switch op {
	case "||":
		return c.concat(out, l, r)
	case "like":
		return c.like(out, l, r)
	case "~", "!~", "~*", "!~*":
		return c.regex(out, op, l, r)
	case "=", "<>", "<", "<=", ">", ">=":
		return c.comparison(out, op, l, r)
	}
	return c.arithmetic(out, op, l, r)
}

// both wires a function of two values that are not NULL. What one of them fails with is an error also if the other is NULL.
func both(out *computed, typ rmgr.Type, l, r computed, fn func(a, b any) (any, error)) {
	out.typ = typ
	out.eval = func(x *Execution) (any, error) {
		a, err := l.eval(x)
		if err != nil {
			return nil, err
		}
		b, err := r.eval(x)
		if a == nil || b == nil || err != nil {
			return nil, err
		}
		return fn(a, b)
	}
}

// match brings two operands to one type.
func (c *Compiler) match(l, r computed) (computed, computed, error) {
	to := l.typ
	if to == datum.Unknown || datum.Implicit(l.typ, r.typ) && r.typ != datum.Unknown {
		to = r.typ
	}
	if to == datum.Unknown {
		to = rmgr.Text
	}
	if (datum.IsObject(l.typ) || datum.IsObject(r.typ)) && l.typ != r.typ && l.typ != datum.Unknown && r.typ != datum.Unknown {
		to = rmgr.Int8 // by number
	}
	l, err := c.coerce(l, to)
	if err != nil {
		return l, r, err
	}
	r, err = c.coerce(r, to)
	return l, r, err
}
