package executor

import (
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func (c *Compiler) isNull(e *parser.IsNull) (computed, error) {
	k, err := c.expr(e.X)
	if err != nil {
		return k, err
	}
	eval := c.settle(k).eval
	return computed{typ: rmgr.Bool, pos: e.Pos, name: "?column?", eval: func(x *Execution) (any, error) {
		v, err := eval(x)
		return (v == nil) != e.Not, err
	}}, nil
}

// isTruth is x IS [NOT] TRUE or FALSE: never NULL itself.
func (c *Compiler) isTruth(e *parser.IsTruth) (computed, error) {
	k, err := c.boolean(e.X, "IS TRUE")
	if err != nil {
		return k, err
	}
	return computed{typ: rmgr.Bool, pos: e.Pos, name: "?column?", eval: func(x *Execution) (any, error) {
		v, err := k.eval(x)
		return (v == e.Truth) != e.Not, err
	}}, nil
}

// logical is AND or OR with SQL's three values; the right side is not computed if the left decides.
func (c *Compiler) logical(e *parser.Infix) (computed, error) {
	l, err := c.boolean(e.Left, strings.ToUpper(e.Op))
	if err != nil {
		return l, err
	}
	r, err := c.boolean(e.Right, strings.ToUpper(e.Op))
	if err != nil {
		return r, err
	}
	decides := e.Op == "or"
	return computed{typ: rmgr.Bool, pos: e.Pos, name: "?column?", eval: func(x *Execution) (any, error) {
		a, err := l.eval(x)
		if err != nil || a == decides {
			return a, err
		}
		b, err := r.eval(x)
		if err != nil || b == decides || a != nil {
			return b, err
		}
		return nil, nil
	}}, nil
}
