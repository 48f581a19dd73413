package executor

import (
	"errors"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// settle gives an expression that has no type yet the type text.
func (c *Compiler) settle(k computed) computed {
	if k.typ == datum.Unknown {
		k, _ = c.coerce(k, rmgr.Text)
	}
	return k
}

// coerce makes k one of type to where PostgreSQL does so without being asked; ok is false if not.
func (c *Compiler) coerce(k computed, to rmgr.Type) (computed, error) {
	switch {
	case k.typ == to:
		return k, nil
	case datum.IsObject(to) && (k.lit != nil || k.param > 0):
		return c.asObject(k, to)
	case k.lit != nil:
		v := any(nil)
		if k.lit.Kind == parser.StringLiteral {
			var err error
			if v, err = datum.ParseText(to, k.lit.Text); err != nil {
				return k, c.Place(err, k.pos)
			}
		}
		name := k.name
		k = constant(to, k.pos, v)
		k.name = name
		return k, nil
	case k.param > 0:
		// The parameter may have got a type from another place since k was made.
		if t := c.types[k.param-1]; t == datum.Unknown {
			c.types[k.param-1] = to
			k.typ, k.param = to, 0
			return k, nil
		} else {
			k.typ, k.param = t, 0
			return c.coerce(k, to)
		}
	case datum.Implicit(k.typ, to):
		if datum.IsObject(k.typ) {
			return convert(k, to, func(v any) (any, error) { return v.(datum.Object).OID, nil }), nil
		}
		if to == rmgr.Float8 {
			return convert(k, to, func(v any) (any, error) { return float64(v.(int64)), nil }), nil
		}
		k.typ = to
		return k, nil
	}
	return k, errNoCoercion
}

// errNoCoercion says that a type does not fit; the place makes a message of it.
var errNoCoercion = errors.New("type does not fit")

// convert applies fn to k's value unless it is NULL.
func convert(k computed, to rmgr.Type, fn func(any) (any, error)) computed {
	eval := k.eval
	return computed{typ: to, pos: k.pos, name: k.name, eval: func(x *Execution) (any, error) {
		v, err := eval(x)
		if v == nil || err != nil {
			return nil, err
		}
		return fn(v)
	}}
}

// boolean compiles a condition.
func (c *Compiler) boolean(e parser.Expr, where string) (computed, error) {
	k, err := c.expr(e)
	if err != nil {
		return k, err
	}
	b, err := c.coerce(k, rmgr.Bool)
	if err == errNoCoercion {
		return k, c.fail(e.At(), ereport.CodeDatatypeMismatch, "argument of %s must be type boolean, not type %s", where, datum.TypeName(k.typ))
	}
	return b, err
}

// truth evaluates a condition: NULL counts as false.
func (k *computed) truth(x *Execution) (bool, error) {
	v, err := k.eval(x)
	b, _ := v.(bool)
	return b, err
}
