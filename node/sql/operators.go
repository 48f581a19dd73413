package sql

import (
	"bytes"
	"cmp"
	"math"
	"math/bits"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func (c *compiler) unary(e *unary) (computed, error) {
	if e.op == "not" {
		k, err := c.boolean(e.x, "NOT")
		if err != nil {
			return k, err
		}
		k = convert(k, rmgr.Bool, func(v any) (any, error) { return !v.(bool), nil })
		k.name = "?column?"
		return k, nil
	}
	k, err := c.expr(e.x)
	if err != nil {
		return k, err
	}
	switch {
	case e.op == "+" && (k.typ == rmgr.Float8 || k.typ == rmgr.Int4 || k.typ == rmgr.Int8):
	case k.typ == rmgr.Float8:
		k = convert(k, k.typ, func(v any) (any, error) { return -v.(float64), nil })
	case k.typ == rmgr.Int4 || k.typ == rmgr.Int8:
		typ := k.typ
		k = convert(k, typ, func(v any) (any, error) { return subtract(typ, 0, v.(int64)) })
	default:
		return k, c.fail(e.pos, codeUndefinedFunction, "operator does not exist: %s %s", e.op, TypeName(k.typ))
	}
	if e.op == "+" {
		return c.expr(e.x)
	}
	k.name = "?column?"
	return k, nil
}

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

func (c *compiler) infix(e *infix) (computed, error) {
	switch e.op {
	case "and", "or":
		return c.logical(e)
	}
	l, err := c.expr(e.l)
	if err != nil {
		return l, err
	}
	r, err := c.expr(e.r)
	if err != nil {
		return r, err
	}
	out := computed{pos: e.pos, name: "?column?"}
	switch e.op {
	case "||":
		err = c.concat(&out, l, r)
	case "like":
		err = c.like(&out, l, r)
	case "=", "<>", "<", "<=", ">", ">=":
		err = c.comparison(&out, e.op, l, r)
	default:
		err = c.arithmetic(&out, e.op, l, r)
	}
	if err == errNoCoercion {
		err = c.fail(e.pos, codeUndefinedFunction, "operator does not exist: %s %s %s", TypeName(l.typ), strings.ToUpper(e.op), TypeName(r.typ)).
			hint("No operator matches the given name and argument types. You might need to add explicit type casts.")
	}
	return out, err
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

// both wires a function of two values that are not NULL.
func both(out *computed, typ rmgr.Type, l, r computed, fn func(a, b any) (any, error)) {
	out.typ = typ
	out.eval = func(x *execution) (any, error) {
		a, err := l.eval(x)
		if a == nil || err != nil {
			return nil, err
		}
		b, err := r.eval(x)
		if b == nil || err != nil {
			return nil, err
		}
		return fn(a, b)
	}
}

// match brings two operands to one type.
func (c *compiler) match(l, r computed) (computed, computed, error) {
	to := l.typ
	if to == unknown || implicit(l.typ, r.typ) && r.typ != unknown {
		to = r.typ
	}
	if to == unknown {
		to = rmgr.Text
	}
	l, err := c.coerce(l, to)
	if err != nil {
		return l, r, err
	}
	r, err = c.coerce(r, to)
	return l, r, err
}

func (c *compiler) comparison(out *computed, op string, l, r computed) error {
	l, r, err := c.match(l, r)
	if err != nil {
		return err
	}
	holds := map[string]func(int) bool{
		"=": func(n int) bool { return n == 0 }, "<>": func(n int) bool { return n != 0 },
		"<": func(n int) bool { return n < 0 }, "<=": func(n int) bool { return n <= 0 },
		">": func(n int) bool { return n > 0 }, ">=": func(n int) bool { return n >= 0 },
	}[op]
	both(out, rmgr.Bool, l, r, func(a, b any) (any, error) { return holds(compare(a, b)), nil })
	return nil
}

// compare orders two values of one type; text is ordered by bytes.
func compare(a, b any) int {
	switch a := a.(type) {
	case string:
		b, _ := b.(string)
		return strings.Compare(a, b)
	case bool:
		b, _ := b.(bool)
		switch {
		case a == b:
			return 0
		case a:
			return 1
		}
		return -1
	case wal.LSN:
		b, _ := b.(wal.LSN)
		return cmp.Compare(a, b)
	case []byte:
		b, _ := b.([]byte)
		return bytes.Compare(a, b)
	case float64:
		b, _ := b.(float64)
		return -cmp.Compare(-a, -b) // NaN is the largest
	case time.Time:
		b, _ := b.(time.Time)
		return a.Compare(b)
	}
	m, _ := integer(a)
	n, _ := integer(b)
	return cmp.Compare(m, n)
}

func (c *compiler) concat(out *computed, l, r computed) error {
	if l.typ == rmgr.Bytea || r.typ == rmgr.Bytea {
		l, r, err := c.match(l, r)
		if err != nil {
			return err
		}
		both(out, rmgr.Bytea, l, r, func(a, b any) (any, error) { return append(bytes.Clone(a.([]byte)), b.([]byte)...), nil })
		return nil
	}
	if l.typ != rmgr.Text && l.typ != unknown && r.typ != rmgr.Text && r.typ != unknown {
		return errNoCoercion
	}
	l, r = c.settle(l), c.settle(r)
	both(out, rmgr.Text, l, r, func(a, b any) (any, error) {
		s, err := textOf(l.typ, a)
		if err != nil {
			return nil, err
		}
		t, err := textOf(r.typ, b)
		if len(s)+len(t) > maxText {
			return nil, errorf(codeProgramLimit, "the result of || is longer than %d bytes", maxText)
		}
		return s + t, err
	})
	return nil
}

// maxText bounds what || may build.
const maxText = 64 << 20

func (c *compiler) like(out *computed, l, r computed) error {
	l, err := c.coerce(l, rmgr.Text)
	if err != nil {
		return err
	}
	r, err = c.coerce(r, rmgr.Text)
	if err != nil {
		return err
	}
	both(out, rmgr.Bool, l, r, func(a, b any) (any, error) { return matchLike(a.(string), b.(string)), nil })
	return nil
}

// matchLike matches with % and _, and \ before a character that stands for itself. It goes back
// only to the last %, so it takes at most len(s)·len(pattern) steps.
func matchLike(s, pattern string) bool {
	text, pat := []rune(s), []rune(pattern)
	i, j, star, mark := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case j < len(pat) && pat[j] == '%':
			star, mark = j, i
			j++
			continue
		case j < len(pat) && pat[j] == '_':
			i, j = i+1, j+1
			continue
		case j < len(pat):
			k := j
			if pat[k] == '\\' && k+1 < len(pat) {
				k++
			}
			if pat[k] == text[i] {
				i, j = i+1, k+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		i, j = mark, star+1
	}
	for j < len(pat) && pat[j] == '%' {
		j++
	}
	return j == len(pat)
}

func (c *compiler) arithmetic(out *computed, op string, l, r computed) error {
	if l.typ == rmgr.PgLSN || r.typ == rmgr.PgLSN {
		return c.lsnArithmetic(out, op, l, r)
	}
	if l.typ == unknown && r.typ == unknown {
		return errNoCoercion
	}
	l, r, err := c.match(l, r)
	if err != nil {
		return err
	}
	switch typ := l.typ; typ {
	case rmgr.Int4, rmgr.Int8:
		fn := integerOps[op]
		if fn == nil {
			return errNoCoercion
		}
		both(out, typ, l, r, func(a, b any) (any, error) { return fn(typ, a.(int64), b.(int64)) })
	case rmgr.Float8:
		fn := floatOps[op]
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
func (c *compiler) lsnArithmetic(out *computed, op string, l, r computed) error {
	if l.typ == rmgr.PgLSN && op == "-" && (r.typ == rmgr.PgLSN || r.typ == unknown) {
		r, err := c.coerce(r, rmgr.PgLSN)
		if err != nil {
			return err
		}
		both(out, rmgr.Int8, l, r, func(a, b any) (any, error) { return int64(a.(wal.LSN) - b.(wal.LSN)), nil })
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
		n := b.(int64)
		if op == "-" {
			n = -n
		}
		lsn := a.(wal.LSN) + wal.LSN(n)
		if n > 0 && lsn < a.(wal.LSN) || n < 0 && lsn > a.(wal.LSN) {
			return nil, errorf(codeOutOfRange, "pg_lsn out of range")
		}
		return lsn, nil
	})
	return nil
}

var integerOps = map[string]func(t rmgr.Type, a, b int64) (any, error){
	"+": func(t rmgr.Type, a, b int64) (any, error) {
		if s := a + b; (s > a) == (b > 0) {
			return inRange(t, s)
		}
		return nil, outOfRange(t)
	},
	"-": subtract,
	"*": multiply,
	"/": func(t rmgr.Type, a, b int64) (any, error) {
		switch {
		case b == 0:
			return nil, errorf(codeDivisionByZero, "division by zero")
		case a == math.MinInt64 && b == -1:
			return nil, outOfRange(t)
		}
		return inRange(t, a/b)
	},
	"%": func(t rmgr.Type, a, b int64) (any, error) {
		switch b {
		case 0:
			return nil, errorf(codeDivisionByZero, "division by zero")
		case -1:
			return int64(0), nil
		}
		return a % b, nil
	},
}

func subtract(t rmgr.Type, a, b int64) (any, error) {
	if d := a - b; (d < a) == (b > 0) {
		return inRange(t, d)
	}
	return nil, outOfRange(t)
}

func multiply(t rmgr.Type, a, b int64) (any, error) {
	negative := (a < 0) != (b < 0)
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	switch {
	case high != 0 || low > 1<<63 || low == 1<<63 && !negative:
		return nil, outOfRange(t)
	case negative:
		return inRange(t, -int64(low))
	}
	return inRange(t, int64(low))
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

func inRange(t rmgr.Type, n int64) (any, error) {
	if t == rmgr.Int4 && int64(int32(n)) != n {
		return nil, outOfRange(t)
	}
	return n, nil
}

func outOfRange(t rmgr.Type) error { return errorf(codeOutOfRange, "%s out of range", TypeName(t)) }

var floatOps = map[string]func(a, b float64) (any, error){
	"+": func(a, b float64) (any, error) { return a + b, nil },
	"-": func(a, b float64) (any, error) { return a - b, nil },
	"*": func(a, b float64) (any, error) { return a * b, nil },
	"/": func(a, b float64) (any, error) {
		if b == 0 {
			return nil, errorf(codeDivisionByZero, "division by zero")
		}
		return a / b, nil
	},
}
