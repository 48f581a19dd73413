package executor

import (
	"math"
	"strconv"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func (c *Compiler) expr(e parser.Expr) (computed, error) {
	switch e := e.(type) {
	case *parser.Literal:
		return c.literal(e)
	case *parser.Param:
		return c.param(e)
	case *parser.Column:
		return c.column(e)
	case *parser.Call:
		return c.call(e)
	case *parser.Cast:
		return c.cast(e)
	case *parser.Unary:
		return c.unary(e)
	case *parser.Infix:
		return c.infix(e)
	case *parser.IsNull:
		return c.isNull(e)
	case *parser.IsTruth:
		return c.isTruth(e)
	case *parser.IsDistinct:
		return c.isDistinct(e)
	case *parser.Between:
		return c.between(e)
	case *parser.InList:
		return c.inList(e)
	case *parser.Case:
		return c.caseOf(e)
	case *parser.Subquery:
		return c.subquery(e)
	case *parser.Array:
		return c.array(e)
	case *parser.Quantified:
		return c.quantified(e)
	}
	return computed{}, c.fail(e.At(), ereport.CodeInternal, "unknown expression %T", e)
}

func constant(typ rmgr.Type, pos int, v any) computed {
	return computed{typ: typ, pos: pos, name: "?column?", eval: func(*Execution) (any, error) { return v, nil }}
}

func (c *Compiler) literal(e *parser.Literal) (computed, error) {
	switch e.Kind {
	case parser.NullLiteral:
		k := constant(datum.Unknown, e.Pos, nil)
		k.lit = e
		return k, nil
	case parser.BoolLiteral:
		return constant(rmgr.Bool, e.Pos, e.Text == "true"), nil
	case parser.IntLiteral:
		n, err := strconv.ParseInt(e.Text, 10, 64)
		if err != nil {
			return computed{}, c.fail(e.Pos, ereport.CodeOutOfRange, "value \"%s\" is out of range for type bigint", e.Text)
		}
		if n >= math.MinInt32 && n <= math.MaxInt32 {
			return constant(rmgr.Int4, e.Pos, n), nil
		}
		return constant(rmgr.Int8, e.Pos, n), nil
	case parser.FloatLiteral:
		f, err := strconv.ParseFloat(e.Text, 64)
		if err != nil {
			return computed{}, c.fail(e.Pos, ereport.CodeOutOfRange, "\"%s\" is out of range for type double precision", e.Text)
		}
		k := constant(rmgr.Float8, e.Pos, f)
		k.exact = true
		return k, nil
	}
	k := constant(datum.Unknown, e.Pos, e.Text)
	k.lit = e
	return k, nil
}

func (c *Compiler) param(e *parser.Param) (computed, error) {
	if e.Number > len(c.types) {
		return computed{}, c.fail(e.Pos, ereport.CodeUndefinedParameter, "there is no parameter $%d", e.Number)
	}
	if c.used == nil {
		c.used = map[int]struct{}{}
	}
	c.used[e.Number] = struct{}{}
	i := e.Number - 1
	k := computed{typ: c.types[i], pos: e.Pos, name: "?column?", eval: func(x *Execution) (any, error) { return x.Args[i], nil }}
	if k.typ == datum.Unknown {
		k.param = e.Number
	}
	return k, nil
}
