package sql

import (
	"math"

	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// cast compiles CAST(x AS type) and x::type.
func (c *compiler) cast(e *parser.Cast) (computed, error) {
	k, err := c.expr(e.X)
	if err != nil {
		return k, err
	}
	to, err := c.typeNamed(e.Type)
	if err != nil {
		return k, err
	}
	label := castLabel(to)
	if named(e.X) {
		label = k.name
	}
	out, err := c.coerce(k, to)
	if err == errNoCoercion && isObject(to) {
		out, err = c.asObject(k, to)
		if err == errNoCoercion {
			err = c.fail(e.Pos, "42846", "cannot cast type %s to %s", TypeName(k.typ), TypeName(to))
		}
	}
	if err == errNoCoercion {
		if out, err = explicit(k, to), nil; out.eval == nil {
			err = c.fail(e.Pos, "42846", "cannot cast type %s to %s", TypeName(k.typ), TypeName(to))
		}
	}
	out.name, out.shown = label, 0
	return out, err
}

// typeNamed is the type that a query names.
func (c *compiler) typeNamed(n parser.TypeName) (rmgr.Type, error) {
	if t := typeByName(n.Name); t != unknown {
		return t, nil
	}
	return unknown, c.fail(n.Pos, codeUndefinedObject, "type \"%s\" does not exist", n.Name)
}

// named reports whether an expression gives its column a name that a cast around it leaves.
func named(e parser.Expr) bool {
	switch e := e.(type) {
	case *parser.Column, *parser.Call, *parser.Subquery:
		return true
	case *parser.Cast:
		return named(e.X)
	case *parser.Case:
		return e.Otherwise != nil && named(e.Otherwise)
	}
	return false
}

// explicit converts where only a cast does; its eval is nil if there is no such cast.
func explicit(k computed, to rmgr.Type) computed {
	fn := conversion(k.typ, to)
	if fn == nil {
		return computed{}
	}
	return convert(k, to, fn)
}

// conversion converts values where only a cast does; nil if there is no such cast.
func conversion(from, to rmgr.Type) func(any) (any, error) {
	whole := from == rmgr.Int4 || from == rmgr.Int8
	switch {
	case to == rmgr.Text:
		return func(v any) (any, error) { return textOf(from, v) }
	case from == rmgr.Text:
		return func(v any) (any, error) { return ParseText(to, v.(string)) }
	case whole && to == rmgr.Int4:
		return func(v any) (any, error) { return inRange(to, v.(int64)) }
	case from == rmgr.Int4 && to == rmgr.Bool:
		return func(v any) (any, error) { return v.(int64) != 0, nil }
	case from == rmgr.Bool && to == rmgr.Int4:
		return numberOfBool
	case from == rmgr.Float8 && (to == rmgr.Int4 || to == rmgr.Int8):
		return func(v any) (any, error) { return rounded(to, v.(float64)) }
	}
	return nil
}

func numberOfBool(v any) (any, error) {
	if v.(bool) {
		return int64(1), nil
	}
	return int64(0), nil
}

// rounded is the nearest whole number, of two the even one.
func rounded(to rmgr.Type, v float64) (any, error) {
	f := math.RoundToEven(v)
	if !(f >= -1<<63 && f < 1<<63) {
		return nil, outOfRange(to)
	}
	return inRange(to, int64(f))
}
