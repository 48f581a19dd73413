package executor

import (
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func (c *Compiler) limits(p *Plan, n *parser.Select) error {
	sources := c.sources
	c.sources, c.noCalls = nil, "LIMIT"
	defer func() { c.sources, c.noCalls = sources, "" }()
	for _, l := range []struct {
		from parser.Expr
		into **computed
		name string
	}{{n.Limit, &p.limit, "LIMIT"}, {n.Offset, &p.offset, "OFFSET"}} {
		if l.from == nil {
			continue
		}
		k, err := c.expr(l.from)
		if err != nil {
			return err
		}
		b, err := c.coerce(k, rmgr.Int8)
		if err == errNoCoercion && k.typ == rmgr.Float8 {
			b, err = explicit(k, rmgr.Int8), nil
		}
		if err == errNoCoercion {
			return c.fail(k.pos, ereport.CodeDatatypeMismatch, "argument of %s must be type bigint, not type %s", l.name, datum.TypeName(k.typ))
		}
		if err != nil {
			return err
		}
		*l.into = &b
	}
	return nil
}

// window computes LIMIT and OFFSET; limit is -1 if there is none.
func (p *Plan) window(x *Execution) (limit, offset int64, err error) {
	limit = -1
	for _, w := range []struct {
		k    *computed
		into *int64
		code string
		name string
	}{{p.limit, &limit, ereport.CodeInvalidRowCount, "LIMIT"}, {p.offset, &offset, ereport.CodeInvalidRowOffset, "OFFSET"}} {
		if w.k == nil {
			continue
		}
		v, err := w.k.eval(x)
		if err != nil {
			return 0, 0, err
		}
		if n, ok := v.(int64); ok {
			if n < 0 {
				return 0, 0, ereport.Errorf(w.code, "%s must not be negative", w.name)
			}
			*w.into = n
		}
	}
	return limit, offset, nil
}
