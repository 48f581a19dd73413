package executor

import (
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// quantified compiles x op ANY (array) and x op ALL (array): NULL if no element decides and one of them gives NULL.
func (c *Compiler) quantified(e *parser.Quantified) (computed, error) {
	k, err := c.expr(e.X)
	if err != nil {
		return k, err
	}
	array, err := c.expr(e.Array)
	if err != nil {
		return array, err
	}
	if array.lit != nil || array.param > 0 {
		k = c.settle(k)
		if array, err = c.coerceArray(array, datum.ArrayOf(k.typ)); err != nil {
			return array, err
		}
	}
	if !datum.IsArray(array.shown) {
		return array, c.fail(e.Pos, "42809", "op ANY/ALL (array) requires array on right side")
	}
	typ := datum.Plain(datum.ElementOf(array.shown))
	if k.typ == datum.Unknown {
		if k, err = c.coerce(k, typ); err != nil {
			return k, err
		}
	}
	var left, element any // of the comparison that is running: a plan runs in one goroutine
	holds := computed{pos: e.Pos}
	err = c.operate(&holds, e.Op,
		computed{typ: k.typ, pos: k.pos, eval: func(*Execution) (any, error) { return left, nil }},
		computed{typ: typ, pos: array.pos, eval: func(*Execution) (any, error) { return element, nil }})
	switch {
	case err == errNoCoercion:
		return holds, c.noOperator(e.Pos, strings.ToUpper(e.Op), k.typ, typ)
	case err != nil:
		return holds, err
	case holds.typ != rmgr.Bool:
		return holds, c.fail(e.Pos, "42809", "op ANY/ALL (array) requires operator to yield boolean")
	}
	return computed{typ: rmgr.Bool, pos: e.Pos, name: "?column?", eval: func(x *Execution) (any, error) {
		value, err := k.eval(x)
		if err != nil {
			return nil, err
		}
		text, err := array.eval(x)
		if text == nil || err != nil {
			return nil, err
		}
		list, ok := datum.SplitArray(text.(string))
		if !ok {
			return nil, ereport.Errorf(ereport.CodeInternal, "%q is no array", text)
		}
		unknown := false
		for _, s := range list {
			left, element = value, nil
			if s != nil {
				if element, err = datum.ParseText(typ, *s); err != nil {
					return nil, err
				}
			}
			v, err := holds.eval(x)
			if err != nil || v == !e.All {
				return v, err
			}
			unknown = unknown || v == nil
		}
		if unknown {
			return nil, nil
		}
		return e.All, nil
	}}, nil
}
