package executor

import (
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func (c *Compiler) comparison(out *computed, op string, l, r computed) error {
	l, r, err := c.matchArrays(op, l, r)
	if err != nil {
		return err
	}
	if l, r, err = c.match(l, r); err != nil {
		return err
	}
	holds := map[string]func(int) bool{
		"=": func(n int) bool { return n == 0 }, "<>": func(n int) bool { return n != 0 },
		"<": func(n int) bool { return n < 0 }, "<=": func(n int) bool { return n <= 0 },
		">": func(n int) bool { return n > 0 }, ">=": func(n int) bool { return n >= 0 },
	}[op]
	both(out, rmgr.Bool, l, r, func(a, b any) (any, error) { return holds(datum.Compare(a, b)), nil })
	return nil
}

// isDistinct is <> for which NULL is a value like others.
func (c *Compiler) isDistinct(e *parser.IsDistinct) (computed, error) {
	l, err := c.expr(e.Left)
	if err != nil {
		return l, err
	}
	r, err := c.expr(e.Right)
	if err != nil {
		return r, err
	}
	if l, r, err = c.matchArrays("=", l, r); err == nil {
		l, r, err = c.match(l, r)
	}
	if err == errNoCoercion {
		return l, c.noOperator(e.Pos, "=", shownType(l), shownType(r))
	}
	return computed{typ: rmgr.Bool, pos: e.Pos, name: "?column?", eval: func(x *Execution) (any, error) {
		a, err := l.eval(x)
		if err != nil {
			return nil, err
		}
		b, err := r.eval(x)
		if err != nil {
			return nil, err
		}
		same := a == nil && b == nil || a != nil && b != nil && datum.Compare(a, b) == 0
		return same == e.Not, nil
	}}, err
}

// between is low <= x AND x <= high: false if one of them is, whatever the other.
func (c *Compiler) between(e *parser.Between) (computed, error) {
	k, _, err := c.unify([]parser.Expr{e.X, e.Low, e.High}, "BETWEEN", e.Pos)
	if err != nil {
		return computed{}, err
	}
	return computed{typ: rmgr.Bool, pos: e.Pos, name: "?column?", eval: func(x *Execution) (any, error) {
		v, null, err := evalArgs(x, k)
		if err != nil || v[0] == nil {
			return nil, err
		}
		if v[1] != nil && datum.Compare(v[1], v[0]) > 0 || v[2] != nil && datum.Compare(v[0], v[2]) > 0 {
			return e.Not, nil
		}
		if null {
			return nil, nil
		}
		return !e.Not, nil
	}}, nil
}

// inList is x [NOT] IN (…): NULL if nothing is equal and something is NULL.
func (c *Compiler) inList(e *parser.InList) (computed, error) {
	k, _, err := c.unify(append([]parser.Expr{e.X}, e.List...), "IN", e.Pos)
	if err != nil {
		return computed{}, err
	}
	return computed{typ: rmgr.Bool, pos: e.Pos, name: "?column?", eval: func(x *Execution) (any, error) {
		v, null, err := evalArgs(x, k)
		if err != nil || v[0] == nil {
			return nil, err
		}
		for _, candidate := range v[1:] {
			if candidate != nil && datum.Compare(v[0], candidate) == 0 {
				return !e.Not, nil
			}
		}
		if null {
			return nil, nil
		}
		return e.Not, nil
	}}, nil
}
