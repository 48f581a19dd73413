package executor

import (
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func (c *Compiler) arithmetic(out *computed, op string, l, r computed) error {
	if l.typ == rmgr.PgLSN || r.typ == rmgr.PgLSN {
		return c.lsnArithmetic(out, op, l, r)
	}
	if l.typ == datum.Unknown && r.typ == datum.Unknown {
		return errNoCoercion
	}
	l, r, err := c.match(l, r)
	if err != nil {
		return err
	}
	switch typ := l.typ; typ {
	case rmgr.Int4, rmgr.Int8:
		fn := datum.IntegerOperator(op)
		if fn == nil {
			return errNoCoercion
		}
		both(out, typ, l, r, func(a, b any) (any, error) { return fn(typ, a.(int64), b.(int64)) })
	case rmgr.Float8:
		fn := datum.FloatOperator(op)
		if fn == nil {
			return errNoCoercion
		}
		both(out, typ, l, r, func(a, b any) (any, error) { return fn(a.(float64), b.(float64)) })
	default:
		return errNoCoercion
	}
	return nil
}

// lsnArithmetic: two LSNs have a distance, an LSN and a number give an LSN.
func (c *Compiler) lsnArithmetic(out *computed, op string, l, r computed) error {
	if l.typ == rmgr.PgLSN && op == "-" && (r.typ == rmgr.PgLSN || r.typ == datum.Unknown) {
		r, err := c.coerce(r, rmgr.PgLSN)
		if err != nil {
			return err
		}
		both(out, rmgr.Int8, l, r, func(a, b any) (any, error) { return datum.LSNDistance(a.(wal.LSN), b.(wal.LSN)) })
		return nil
	}
	if l.typ != rmgr.PgLSN || op != "+" && op != "-" {
		return errNoCoercion
	}
	r, err := c.coerce(r, rmgr.Int8)
	if err != nil {
		return err
	}
	both(out, rmgr.PgLSN, l, r, func(a, b any) (any, error) {
		if op == "-" {
			return datum.MoveLSN(a.(wal.LSN), -b.(int64))
		}
		return datum.MoveLSN(a.(wal.LSN), b.(int64))
	})
	return nil
}
