package sql

import (
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

func (c *compiler) isNull(e *isNull) (computed, error) {
	k, err := c.expr(e.x)
	if err != nil {
		return k, err
	}
	eval := c.settle(k).eval
	return computed{typ: rmgr.Bool, pos: e.pos, name: "?column?", eval: func(x *execution) (any, error) {
		v, err := eval(x)
		return (v == nil) != e.not, err
	}}, nil
}

// isTruth is x IS [NOT] TRUE or FALSE: never NULL itself.
func (c *compiler) isTruth(e *isTruth) (computed, error) {
	k, err := c.boolean(e.x, "IS TRUE")
	if err != nil {
		return k, err
	}
	return computed{typ: rmgr.Bool, pos: e.pos, name: "?column?", eval: func(x *execution) (any, error) {
		v, err := k.eval(x)
		return (v == e.truth) != e.not, err
	}}, nil
}

func (c *compiler) between(e *between) (computed, error) {
	k, _, err := c.unify([]expr{e.x, e.low, e.high}, "BETWEEN", e.pos)
	if err != nil {
		return computed{}, err
	}
	return computed{typ: rmgr.Bool, pos: e.pos, name: "?column?", eval: func(x *execution) (any, error) {
		v, null, err := evalArgs(x, k)
		if err != nil || null {
			return nil, err
		}
		return (compare(v[1], v[0]) <= 0 && compare(v[0], v[2]) <= 0) != e.not, nil
	}}, nil
}

// inList is x [NOT] IN (…): NULL if nothing is equal and something is NULL.
func (c *compiler) inList(e *inList) (computed, error) {
	k, _, err := c.unify(append([]expr{e.x}, e.list...), "IN", e.pos)
	if err != nil {
		return computed{}, err
	}
	return computed{typ: rmgr.Bool, pos: e.pos, name: "?column?", eval: func(x *execution) (any, error) {
		v, null, err := evalArgs(x, k)
		if err != nil || v[0] == nil {
			return nil, err
		}
		for _, candidate := range v[1:] {
			if candidate != nil && compare(v[0], candidate) == 0 {
				return !e.not, nil
			}
		}
		if null {
			return nil, nil
		}
		return e.not, nil
	}}, nil
}

// logical is AND or OR with SQL's three values; the right side is not computed if the left decides.
func (c *compiler) logical(e *infix) (computed, error) {
	l, err := c.boolean(e.l, strings.ToUpper(e.op))
	if err != nil {
		return l, err
	}
	r, err := c.boolean(e.r, strings.ToUpper(e.op))
	if err != nil {
		return r, err
	}
	decides := e.op == "or"
	return computed{typ: rmgr.Bool, pos: e.pos, name: "?column?", eval: func(x *execution) (any, error) {
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
