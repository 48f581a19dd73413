package sql

import (
	"context"
	"errors"
	"math"
	"strconv"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A compiler turns the tree of one statement into functions that compute it.
type compiler struct {
	session *Session
	query   string
	types   []rmgr.Type // of parameters
	used    map[int]struct{}

	*level  // of the SELECT being compiled; nil outside of one
	noCalls string
	calls   int // of functions that a Caller runs, and of subqueries
	writer  *rmgr.Function
}

// A level is one SELECT of a statement: its own, or a subquery's.
type level struct {
	outer      *level
	sources    []*sourcePlan // whose columns may be named
	aggregates []*aggregate
	inArgument bool // inside an aggregate's argument
	columnPos  int  // of a column outside of aggregates, for the error; -1 if there is none
}

// computed is an expression that can be evaluated.
type computed struct {
	typ   rmgr.Type
	shown rmgr.Type // what clients see, if it is a column of another type; 0: typ
	pos   int
	eval  func(x *execution) (any, error)
	lit   *literal // it is a literal whose place may give it a type
	param int      // it is a parameter whose place may give it a type
	name  string   // as a column's label
}

// An execution is the state of a running statement.
type execution struct {
	session *Session
	query   string
	args    []any             // parameters
	emit    func([]any) error // takes a row of the result; does not keep it
	source  []any             // the current row of FROM
	outer   [][]any           // those of the SELECTs around a subquery, the nearest last
	totals  []any             // of aggregates
	out     []any             // the row being built
	value   any               // what the last call returned
	capture func(...any) error
	rows    int
	held    int // bytes that keepers hold, a subquery's too
	ctx     context.Context
}

func (c *compiler) fail(pos int, code, format string, args ...any) *Error {
	return errorf(code, format, args...).at(c.query, pos)
}

// place gives an error that has no place the place pos.
func (c *compiler) place(err error, pos int) error {
	var e *Error
	if errors.As(err, &e) {
		return e.at(c.query, pos)
	}
	return err
}

func (c *compiler) expr(e expr) (computed, error) {
	switch e := e.(type) {
	case *literal:
		return c.literal(e)
	case *param:
		return c.param(e)
	case *column:
		return c.column(e)
	case *call:
		return c.call(e)
	case *cast:
		return c.cast(e)
	case *unary:
		return c.unary(e)
	case *infix:
		return c.infix(e)
	case *isNull:
		return c.isNull(e)
	case *isTruth:
		return c.isTruth(e)
	case *between:
		return c.between(e)
	case *inList:
		return c.inList(e)
	case *caseOf:
		return c.caseOf(e)
	case *subquery:
		return c.subquery(e)
	}
	return computed{}, c.fail(e.at(), codeInternal, "unknown expression %T", e)
}

func constant(typ rmgr.Type, pos int, v any) computed {
	return computed{typ: typ, pos: pos, name: "?column?", eval: func(*execution) (any, error) { return v, nil }}
}

func (c *compiler) literal(e *literal) (computed, error) {
	switch e.kind {
	case nullLiteral:
		k := constant(unknown, e.pos, nil)
		k.lit = e
		return k, nil
	case boolLiteral:
		k := constant(rmgr.Bool, e.pos, e.text == "true")
		k.name = "bool"
		return k, nil
	case intLiteral:
		n, err := strconv.ParseInt(e.text, 10, 64)
		if err != nil {
			return computed{}, c.fail(e.pos, codeOutOfRange, "value \"%s\" is out of range for type bigint", e.text)
		}
		if n >= math.MinInt32 && n <= math.MaxInt32 {
			return constant(rmgr.Int4, e.pos, n), nil
		}
		return constant(rmgr.Int8, e.pos, n), nil
	case floatLiteral:
		f, err := strconv.ParseFloat(e.text, 64)
		if err != nil {
			return computed{}, c.fail(e.pos, codeOutOfRange, "\"%s\" is out of range for type double precision", e.text)
		}
		return constant(rmgr.Float8, e.pos, f), nil
	}
	k := constant(unknown, e.pos, e.text)
	k.lit = e
	return k, nil
}

func (c *compiler) param(e *param) (computed, error) {
	if e.number > len(c.types) {
		return computed{}, c.fail(e.pos, codeUndefinedParameter, "there is no parameter $%d", e.number)
	}
	if c.used == nil {
		c.used = map[int]struct{}{}
	}
	c.used[e.number] = struct{}{}
	i := e.number - 1
	k := computed{typ: c.types[i], pos: e.pos, name: "?column?", eval: func(x *execution) (any, error) { return x.args[i], nil }}
	if k.typ == unknown {
		k.param = e.number
	}
	return k, nil
}

// settle gives an expression that has no type yet the type text.
func (c *compiler) settle(k computed) computed {
	if k.typ == unknown {
		k, _ = c.coerce(k, rmgr.Text)
	}
	return k
}

// coerce makes k one of type to where PostgreSQL does so without being asked; ok is false if not.
func (c *compiler) coerce(k computed, to rmgr.Type) (computed, error) {
	switch {
	case k.typ == to:
		return k, nil
	case isObject(to) && (k.lit != nil || k.param > 0):
		return c.asObject(k, to)
	case k.lit != nil:
		v := any(nil)
		if k.lit.kind == stringLiteral {
			var err error
			if v, err = ParseText(to, k.lit.text); err != nil {
				return k, c.place(err, k.pos)
			}
		}
		name := k.name
		k = constant(to, k.pos, v)
		k.name = name
		return k, nil
	case k.param > 0:
		// The parameter may have got a type from another place since k was made.
		if t := c.types[k.param-1]; t == unknown {
			c.types[k.param-1] = to
			k.typ, k.param = to, 0
			return k, nil
		} else {
			k.typ, k.param = t, 0
			return c.coerce(k, to)
		}
	case implicit(k.typ, to):
		if isObject(k.typ) {
			return convert(k, to, func(v any) (any, error) { return v.(object).oid, nil }), nil
		}
		if to == rmgr.Float8 {
			return convert(k, to, func(v any) (any, error) { return float64(v.(int64)), nil }), nil
		}
		k.typ = to
		return k, nil
	}
	return k, errNoCoercion
}

// errNoCoercion says that a type does not fit; the place makes a message of it.
var errNoCoercion = errors.New("type does not fit")

// convert applies fn to k's value unless it is NULL.
func convert(k computed, to rmgr.Type, fn func(any) (any, error)) computed {
	eval := k.eval
	return computed{typ: to, pos: k.pos, name: k.name, eval: func(x *execution) (any, error) {
		v, err := eval(x)
		if v == nil || err != nil {
			return nil, err
		}
		return fn(v)
	}}
}

// boolean compiles a condition.
func (c *compiler) boolean(e expr, where string) (computed, error) {
	k, err := c.expr(e)
	if err != nil {
		return k, err
	}
	b, err := c.coerce(k, rmgr.Bool)
	if err == errNoCoercion {
		return k, c.fail(e.at(), codeDatatypeMismatch, "argument of %s must be type boolean, not type %s", where, TypeName(k.typ))
	}
	return b, err
}

// truth evaluates a condition: NULL counts as false.
func (k *computed) truth(x *execution) (bool, error) {
	v, err := k.eval(x)
	b, _ := v.(bool)
	return b, err
}
