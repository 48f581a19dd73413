package executor

import (
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// asObject compiles a cast to regclass or regtype.
func (c *Compiler) asObject(k computed, to rmgr.Type) (computed, error) {
	find := func(v any) (any, error) {
		switch v := v.(type) {
		case string:
			return c.objectNamed(to, v)
		case datum.Object:
			return v, nil
		}
		n, _ := datum.Integer(v)
		return c.objectOf(to, n), nil
	}
	switch {
	case k.typ == to:
		return k, nil
	case k.lit != nil && k.lit.Kind == parser.StringLiteral:
		v, err := c.objectNamed(to, k.lit.Text)
		if err != nil {
			return k, c.Place(err, k.pos)
		}
		return constant(to, k.pos, v), nil
	case k.typ == datum.Unknown:
		k = c.settle(k)
	}
	switch k.typ {
	case rmgr.Text, rmgr.Int4, rmgr.Int8:
		return convert(k, to, find), nil
	}
	return k, errNoCoercion
}

// objectNamed finds a view or a type by its name, or by its number in digits.
func (c *Compiler) objectNamed(kind rmgr.Type, name string) (any, error) {
	if n, err := strconv.ParseUint(strings.TrimSpace(name), 10, 32); err == nil {
		return c.objectOf(kind, int64(n)), nil
	}
	plain := strings.TrimPrefix(strings.TrimPrefix(name, "pg_catalog."), "public.")
	if q, ok := strings.CutPrefix(plain, `"`); ok {
		plain = strings.TrimSuffix(q, `"`)
	} else {
		plain = strings.ToLower(plain)
	}
	if kind == datum.Regtype {
		if o, ok := datum.RegtypeNamed(plain); ok {
			return o, nil
		}
		return nil, ereport.Errorf(ereport.CodeUndefinedObject, "type \"%s\" does not exist", name)
	}
	if v, ok := c.catalog.View(plain); ok {
		return datum.Object{OID: v.OID, Name: v.Name}, nil
	}
	return nil, ereport.Errorf(ereport.CodeUndefinedTable, "relation \"%s\" does not exist", name)
}

// objectOf is the object with a number; one that is not there is shown by its number, and 0 as -.
func (c *Compiler) objectOf(kind rmgr.Type, oid int64) datum.Object {
	if oid == 0 {
		return datum.Object{OID: 0, Name: "-"}
	}
	if kind == datum.Regtype {
		if name, ok := datum.TypeNamed(oid); ok {
			return datum.Object{OID: oid, Name: name}
		}
	} else if name, ok := c.catalog.ViewName(oid); ok {
		return datum.Object{OID: oid, Name: name}
	}
	return datum.Object{OID: oid, Name: strconv.FormatInt(oid, 10)}
}
