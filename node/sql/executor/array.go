package executor

import (
	"slices"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// array compiles ARRAY[…].
func (c *Compiler) array(e *parser.Array) (computed, error) {
	if len(e.List) == 0 {
		return computed{}, c.fail(e.Pos, ereport.CodeIndeterminateType, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	}
	list, typ, err := c.unify(e.List, "ARRAY", e.Pos)
	if err != nil {
		return computed{}, err
	}
	for _, k := range list {
		if datum.IsArray(k.shown) {
			return computed{}, c.unsupported(k.pos, "an array of more than one dimension")
		}
	}
	return computed{typ: rmgr.Text, shown: datum.ArrayOf(typ), pos: e.Pos, name: "array", eval: func(x *Execution) (any, error) {
		values, _, err := evalArgs(x, list)
		if err != nil {
			return nil, err
		}
		elements := make([]*string, len(values))
		for i, v := range values {
			if v == nil {
				continue
			}
			text, err := datum.AppendText(nil, typ, v)
			if err != nil {
				return nil, err
			}
			s := string(text)
			elements[i] = &s
		}
		return datum.ArrayText(elements), nil
	}}, nil
}

// castArray compiles a cast to an array type, of text or another array.
func (c *Compiler) castArray(e *parser.Cast) (computed, error) {
	to, err := c.Type(e.Type)
	if err != nil {
		return computed{}, err
	}
	out := computed{typ: rmgr.Text, pos: e.Pos, eval: func(*Execution) (any, error) { return "{}", nil }}
	k := computed{name: "array"}
	if a, ok := e.X.(*parser.Array); !ok || len(a.List) > 0 {
		if k, err = c.expr(e.X); err == nil {
			out, err = c.coerceArray(k, to)
		}
		if err == errNoCoercion {
			err = c.fail(e.Pos, "42846", "cannot cast type %s to %s", datum.TypeName(shownType(k)), datum.TypeName(to))
		}
	}
	out.shown, out.name = to, datum.LayoutOf(datum.ElementOf(to)).Name
	if named(e.X) {
		out.name = k.name
	}
	return out, err
}

// coerceArray makes k an array of type to, by way of its text.
func (c *Compiler) coerceArray(k computed, to rmgr.Type) (computed, error) {
	if k.lit != nil && k.lit.Kind == parser.StringLiteral {
		v, err := datum.ParseArray(to, k.lit.Text)
		out := constant(rmgr.Text, k.pos, v)
		out.shown = to
		return out, c.Place(err, k.pos)
	}
	if k = c.settle(k); k.typ != rmgr.Text {
		return k, errNoCoercion
	}
	if k.shown != to {
		k = convert(k, rmgr.Text, func(v any) (any, error) { return datum.ParseArray(to, v.(string)) })
	}
	k.shown = to
	return k, nil
}

// matchArrays makes a literal beside an array one, too. Arrays are equal if their texts are; they have no order here.
func (c *Compiler) matchArrays(op string, l, r computed) (_, _ computed, err error) {
	switch left, right := datum.IsArray(l.shown), datum.IsArray(r.shown); {
	case !left && !right:
		return l, r, nil
	case op != "=" && op != "<>":
		return l, r, c.unsupported(l.pos, "the order of arrays")
	case left && r.lit != nil:
		r, err = c.coerceArray(r, l.shown)
	case right && l.lit != nil:
		l, err = c.coerceArray(l, r.shown)
	case l.shown != r.shown && l.param == 0 && r.param == 0:
		err = errNoCoercion
	}
	return l, r, err
}

// unifyArrays makes literals among arrays arrays, too.
func (c *Compiler) unifyArrays(list []computed, what string) (err error) {
	first := slices.IndexFunc(list, func(k computed) bool { return datum.IsArray(k.shown) })
	if first < 0 {
		return nil
	}
	if what == "BETWEEN" {
		return c.unsupported(list[first].pos, "the order of arrays")
	}
	array := list[first].shown
	for i, k := range list {
		switch {
		case k.lit != nil || k.param > 0:
			if list[i], err = c.coerceArray(k, array); err != nil {
				return err
			}
		case k.shown != array:
			return c.fail(k.pos, ereport.CodeDatatypeMismatch, "%s types %s and %s cannot be matched", what, datum.TypeName(array), datum.TypeName(shownType(k)))
		}
	}
	return nil
}

// shownType is the type that clients see.
func shownType(k computed) rmgr.Type {
	if k.shown != 0 {
		return k.shown
	}
	return k.typ
}

// typeOf compiles pg_typeof. What it is asked about is computed, too.
func (c *Compiler) typeOf(e *parser.Call) (computed, error) {
	k, err := c.expr(e.Args[0])
	if err != nil {
		return k, err
	}
	if k.param > 0 {
		k = c.settle(k)
	}
	t := shownType(k)
	object := datum.Object{OID: int64(datum.OID(t)), Name: datum.TypeName(t)}
	return computed{typ: datum.Regtype, pos: e.Pos, name: e.Name, eval: func(x *Execution) (any, error) {
		_, err := k.eval(x)
		return object, err
	}}, nil
}
