package sql

import (
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// An object is a value of type regclass or regtype: a number that is shown by its name.
type object struct {
	oid  int64
	name string
}

func isObject(t rmgr.Type) bool { return t == Regclass || t == Regtype }

// asObject compiles a cast to regclass or regtype.
func (c *compiler) asObject(k computed, to rmgr.Type) (computed, error) {
	find := func(v any) (any, error) {
		switch v := v.(type) {
		case string:
			return c.objectNamed(to, v)
		case object:
			return v, nil
		}
		n, _ := integer(v)
		return c.objectOf(to, n), nil
	}
	switch {
	case k.typ == to:
		return k, nil
	case k.lit != nil && k.lit.Kind == parser.StringLiteral:
		v, err := c.objectNamed(to, k.lit.Text)
		if err != nil {
			return k, c.place(err, k.pos)
		}
		return constant(to, k.pos, v), nil
	case k.typ == unknown:
		k = c.settle(k)
	}
	switch k.typ {
	case rmgr.Text, rmgr.Int4, rmgr.Int8:
		return convert(k, to, find), nil
	}
	return k, errNoCoercion
}

// objectNamed finds a view or a type by its name, or by its number in digits.
func (c *compiler) objectNamed(kind rmgr.Type, name string) (any, error) {
	if n, err := strconv.ParseUint(strings.TrimSpace(name), 10, 32); err == nil {
		return c.objectOf(kind, int64(n)), nil
	}
	plain := strings.TrimPrefix(strings.TrimPrefix(name, "pg_catalog."), "public.")
	if q, ok := strings.CutPrefix(plain, `"`); ok {
		plain = strings.TrimSuffix(q, `"`)
	} else {
		plain = strings.ToLower(plain)
	}
	if kind == Regtype {
		if o, ok := regtypeNamed(plain); ok {
			return o, nil
		}
		return nil, errorf(codeUndefinedObject, "type \"%s\" does not exist", name)
	}
	if v, ok := c.session.engine.Catalog.View(plain); ok {
		return object{v.OID, v.Name}, nil
	}
	return nil, errorf(codeUndefinedTable, "relation \"%s\" does not exist", name)
}

// objectOf is the object with a number; one that is not there is shown by its number, and 0 as -.
func (c *compiler) objectOf(kind rmgr.Type, oid int64) object {
	if oid == 0 {
		return object{0, "-"}
	}
	if kind == Regtype {
		if name, ok := TypeNamed(oid); ok {
			return object{oid, name}
		}
	} else if name, ok := c.session.engine.Catalog.ViewName(oid); ok {
		return object{oid, name}
	}
	return object{oid, strconv.FormatInt(oid, 10)}
}

// TypeNamed is the name of the type with a number.
func TypeNamed(oid int64) (string, bool) {
	for t, info := range typeInfo {
		if t != unknown && int64(info.oid) == oid {
			return info.name, true
		}
	}
	return "", false
}
