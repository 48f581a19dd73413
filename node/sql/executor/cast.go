package executor

import (
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// cast compiles CAST(x AS type) and x::type.
func (c *Compiler) cast(e *parser.Cast) (computed, error) {
	if e.Type.Array {
		return c.castArray(e)
	}
	k, err := c.expr(e.X)
	if err != nil {
		return k, err
	}
	to, err := c.Type(e.Type)
	if err != nil {
		return k, err
	}
	label := datum.CastLabel(to)
	if named(e.X) {
		label = k.name
	}
	out, err := c.coerce(k, to)
	if err == errNoCoercion && datum.IsObject(to) {
		out, err = c.asObject(k, to)
		if err == errNoCoercion {
			err = c.fail(e.Pos, "42846", "cannot cast type %s to %s", datum.TypeName(k.typ), datum.TypeName(to))
		}
	}
	if err == errNoCoercion {
		if out, err = explicit(k, to), nil; out.eval == nil {
			err = c.fail(e.Pos, "42846", "cannot cast type %s to %s", datum.TypeName(k.typ), datum.TypeName(to))
		}
	}
	out.name, out.shown, out.exact = label, 0, false
	return out, err
}

// Type is the type that a query names; 42704 if there is none.
func (c *Compiler) Type(n parser.TypeName) (rmgr.Type, error) {
	t := datum.TypeByName(n.Name)
	switch {
	case n.Array && n.Name == "name":
		return datum.NameArray, nil
	case n.Array && n.Name == "oid":
		return datum.OidArray, nil
	case n.Array && t != datum.Unknown && !datum.IsObject(t):
		return datum.ArrayOf(t), nil
	case n.Array:
		return datum.Unknown, c.fail(n.Pos, ereport.CodeUndefinedObject, "type \"%s[]\" does not exist", n.Name)
	case t != datum.Unknown:
		return t, nil
	}
	return datum.Unknown, c.fail(n.Pos, ereport.CodeUndefinedObject, "type \"%s\" does not exist", n.Name)
}

// named reports whether an expression gives its column a name that a cast around it leaves.
func named(e parser.Expr) bool {
	switch e := e.(type) {
	case *parser.Column, *parser.Call, *parser.Subquery, *parser.Array:
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
	fn := datum.Conversion(k.typ, to)
	switch {
	case fn == nil:
		return computed{}
	case k.exact && (to == rmgr.Int4 || to == rmgr.Int8):
		fn = datum.Exactly(to)
	}
	return convert(k, to, fn)
}
