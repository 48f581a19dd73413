package executor

import (
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// coalesce gives the first argument that is not NULL; later ones are not computed.
func (c *Compiler) coalesce(e *parser.Call) (computed, error) {
	args, typ, err := c.unify(e.Args, "COALESCE", e.Pos)
	if err != nil {
		return computed{}, err
	}
	return computed{typ: typ, pos: e.Pos, name: "coalesce", eval: func(x *Execution) (any, error) {
		for i := range args {
			if v, err := args[i].eval(x); v != nil || err != nil {
				return v, err
			}
		}
		return nil, nil
	}}, nil
}

func (c *Compiler) nullif(e *parser.Call) (computed, error) {
	if len(e.Args) != 2 {
		return computed{}, c.fail(e.Pos, ereport.CodeSyntax, "NULLIF takes two arguments")
	}
	args, typ, err := c.unify(e.Args, "NULLIF", e.Pos)
	if err != nil {
		return computed{}, err
	}
	return computed{typ: typ, pos: e.Pos, name: "nullif", eval: func(x *Execution) (any, error) {
		l, err := args[0].eval(x)
		if err != nil {
			return nil, err
		}
		r, err := args[1].eval(x)
		if err != nil || l != nil && r != nil && datum.Compare(l, r) == 0 {
			return nil, err
		}
		return l, nil
	}}, nil
}

// unify compiles expressions that must have one type.
func (c *Compiler) unify(list []parser.Expr, what string, pos int) ([]computed, rmgr.Type, error) {
	if len(list) == 0 {
		return nil, 0, c.fail(pos, ereport.CodeSyntax, "%s takes arguments", what)
	}
	typ := datum.Unknown
	out := make([]computed, len(list))
	for i, e := range list {
		k, err := c.expr(e)
		if err != nil {
			return nil, 0, err
		}
		if out[i] = k; typ == datum.Unknown || datum.Implicit(typ, k.typ) {
			typ = k.typ
		}
	}
	if typ == datum.Unknown {
		typ = rmgr.Text
	}
	if err := c.unifyArrays(out, what); err != nil {
		return nil, 0, err
	}
	for i := range out {
		k, err := c.coerce(out[i], typ)
		if err == errNoCoercion {
			return nil, 0, c.fail(out[i].pos, ereport.CodeDatatypeMismatch, "%s types %s and %s cannot be matched", what, datum.TypeName(typ), datum.TypeName(out[i].typ))
		}
		if err != nil {
			return nil, 0, err
		}
		out[i] = k
	}
	return out, typ, nil
}
