package sql

import (
	"context"
	"errors"
	"math"
	"strconv"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// newCompiler is a compiler of one statement. types are those of its parameters; unknown ones get theirs from their
// places.
func newCompiler(catalog Catalog, query string, types []rmgr.Type) *compiler {
	return &compiler{catalog: catalog, query: query, types: types, level: &level{columnPos: -1}}
}

// parameters are the types of the parameters after all has been compiled. One that stands nowhere and has no type is an
// error.
func (c *compiler) parameters() ([]rmgr.Type, error) {
	for i, t := range c.types {
		if t != datum.Unknown {
			continue
		}
		if _, used := c.used[i+1]; !used {
			return nil, errorf(codeIndeterminateType, "could not determine data type of parameter $%d", i+1)
		}
		c.types[i] = rmgr.Text
	}
	return c.types, nil
}

// A compiler turns the tree of one statement into functions that compute it.
type compiler struct {
	catalog Catalog
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
	lit   *parser.Literal // it is a literal whose place may give it a type
	param int             // it is a parameter whose place may give it a type
	name  string          // as a column's label
}

// prepareExecution makes x ready for statements: run calls a function, and limit bounds what is held for one statement.
func (x *execution) prepareExecution(run func(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) error, limit int) {
	x.root, x.run, x.limit = x, run, limit
	x.capture = func(values ...any) error {
		switch len(values) {
		case 0:
		case 1:
			x.value = values[0]
		default:
			var err error
			x.value, err = datum.RecordText(values)
			return err
		}
		return nil
	}
}

// begin starts a statement, and end forgets what it was about.
func (x *execution) begin(ctx context.Context, args []any, emit func([]any) error) {
	x.ctx, x.args, x.emit, x.held = ctx, args, emit, 0
}

func (x *execution) end() {
	x.ctx, x.args, x.emit, x.source, x.totals, x.value = nil, nil, nil, nil, nil, nil
}

// An execution is the state of a running statement.
type execution struct {
	root  *execution // the statement's own; that of a subquery is another
	run   func(ctx context.Context, fn *rmgr.Function, args []any, row func(...any) error) error
	limit int // of bytes that keepers may hold together

	ctx     context.Context
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
	var plain *Condition
	if errors.As(err, &plain) {
		return (&Error{Condition: *plain}).at(c.query, pos)
	}
	return err
}

func (c *compiler) expr(e parser.Expr) (computed, error) {
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
	case *parser.Between:
		return c.between(e)
	case *parser.InList:
		return c.inList(e)
	case *parser.Case:
		return c.caseOf(e)
	case *parser.Subquery:
		return c.subquery(e)
	}
	return computed{}, c.fail(e.At(), codeInternal, "unknown expression %T", e)
}

func constant(typ rmgr.Type, pos int, v any) computed {
	return computed{typ: typ, pos: pos, name: "?column?", eval: func(*execution) (any, error) { return v, nil }}
}

func (c *compiler) literal(e *parser.Literal) (computed, error) {
	switch e.Kind {
	case parser.NullLiteral:
		k := constant(datum.Unknown, e.Pos, nil)
		k.lit = e
		return k, nil
	case parser.BoolLiteral:
		k := constant(rmgr.Bool, e.Pos, e.Text == "true")
		k.name = "bool"
		return k, nil
	case parser.IntLiteral:
		n, err := strconv.ParseInt(e.Text, 10, 64)
		if err != nil {
			return computed{}, c.fail(e.Pos, codeOutOfRange, "value \"%s\" is out of range for type bigint", e.Text)
		}
		if n >= math.MinInt32 && n <= math.MaxInt32 {
			return constant(rmgr.Int4, e.Pos, n), nil
		}
		return constant(rmgr.Int8, e.Pos, n), nil
	case parser.FloatLiteral:
		f, err := strconv.ParseFloat(e.Text, 64)
		if err != nil {
			return computed{}, c.fail(e.Pos, codeOutOfRange, "\"%s\" is out of range for type double precision", e.Text)
		}
		return constant(rmgr.Float8, e.Pos, f), nil
	}
	k := constant(datum.Unknown, e.Pos, e.Text)
	k.lit = e
	return k, nil
}

func (c *compiler) param(e *parser.Param) (computed, error) {
	if e.Number > len(c.types) {
		return computed{}, c.fail(e.Pos, codeUndefinedParameter, "there is no parameter $%d", e.Number)
	}
	if c.used == nil {
		c.used = map[int]struct{}{}
	}
	c.used[e.Number] = struct{}{}
	i := e.Number - 1
	k := computed{typ: c.types[i], pos: e.Pos, name: "?column?", eval: func(x *execution) (any, error) { return x.args[i], nil }}
	if k.typ == datum.Unknown {
		k.param = e.Number
	}
	return k, nil
}

// settle gives an expression that has no type yet the type text.
func (c *compiler) settle(k computed) computed {
	if k.typ == datum.Unknown {
		k, _ = c.coerce(k, rmgr.Text)
	}
	return k
}

// coerce makes k one of type to where PostgreSQL does so without being asked; ok is false if not.
func (c *compiler) coerce(k computed, to rmgr.Type) (computed, error) {
	switch {
	case k.typ == to:
		return k, nil
	case datum.IsObject(to) && (k.lit != nil || k.param > 0):
		return c.asObject(k, to)
	case k.lit != nil:
		v := any(nil)
		if k.lit.Kind == parser.StringLiteral {
			var err error
			if v, err = datum.ParseText(to, k.lit.Text); err != nil {
				return k, c.place(err, k.pos)
			}
		}
		name := k.name
		k = constant(to, k.pos, v)
		k.name = name
		return k, nil
	case k.param > 0:
		// The parameter may have got a type from another place since k was made.
		if t := c.types[k.param-1]; t == datum.Unknown {
			c.types[k.param-1] = to
			k.typ, k.param = to, 0
			return k, nil
		} else {
			k.typ, k.param = t, 0
			return c.coerce(k, to)
		}
	case datum.Implicit(k.typ, to):
		if datum.IsObject(k.typ) {
			return convert(k, to, func(v any) (any, error) { return v.(datum.Object).OID, nil }), nil
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
func (c *compiler) boolean(e parser.Expr, where string) (computed, error) {
	k, err := c.expr(e)
	if err != nil {
		return k, err
	}
	b, err := c.coerce(k, rmgr.Bool)
	if err == errNoCoercion {
		return k, c.fail(e.At(), codeDatatypeMismatch, "argument of %s must be type boolean, not type %s", where, datum.TypeName(k.typ))
	}
	return b, err
}

// truth evaluates a condition: NULL counts as false.
func (k *computed) truth(x *execution) (bool, error) {
	v, err := k.eval(x)
	b, _ := v.(bool)
	return b, err
}
