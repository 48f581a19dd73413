package executor

import (
	"bytes"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

const hintTypes = "No function matches the given name and argument types. You might need to add explicit type casts."

// call compiles a call whose value is used in an expression.
func (c *Compiler) call(e *parser.Call) (computed, error) {
	if kind, ok := aggregateKinds[e.Name]; ok {
		return c.aggregate(e, kind)
	}
	switch e.Name {
	case "coalesce":
		return c.coalesce(e)
	case "nullif":
		return c.nullif(e)
	case "pg_typeof":
		if len(e.Args) == 1 && !e.Star {
			return c.typeOf(e)
		}
	}
	fn, args, err := c.function(e)
	if err != nil {
		return computed{}, err
	}
	switch {
	case fn.Set:
		return computed{}, c.fail(e.Pos, ereport.CodeNotSupported, "set-returning function %s cannot be called here", fn.Name).
			WithHint("Use it in FROM: SELECT * FROM %s(…).", fn.Name)
	}
	k := computed{typ: rmgr.Text, pos: e.Pos, name: fn.Name}
	if len(fn.Returns) == 1 {
		k.typ, k.shown = datum.Plain(fn.Returns[0].Type), datum.ShownAs(fn.Returns[0].Type)
	} else if len(fn.Returns) > 1 {
		k.shown = datum.Record
	}
	k.eval = func(x *Execution) (any, error) {
		values, null, err := evalArgs(x, args)
		if err != nil || null && fn.Strict {
			return nil, err
		}
		return x.call(fn, values)
	}
	return k, nil
}

// evalArgs computes a call's arguments; null reports whether one is NULL.
func evalArgs(x *Execution, args []computed) (values []any, null bool, err error) {
	if len(args) == 0 {
		return nil, false, nil
	}
	values = make([]any, len(args))
	for i := range args {
		if values[i], err = args[i].eval(x); err != nil {
			return nil, false, err
		}
		null = null || values[i] == nil
	}
	return values, null, nil
}

// call runs a function that returns one value.
func (x *Execution) call(fn *rmgr.Function, args []any) (any, error) {
	own := x.root // where capture puts it, also for a subquery
	own.value = nil
	if err := x.run(x.Context, fn, args, own.capture); err != nil {
		return nil, err
	}
	if b, ok := own.value.([]byte); ok {
		return bytes.Clone(b), nil // it may lie in a page
	}
	return own.value, nil
}

// function finds the function that a call means, fits the arguments to it, and notes what the
// statement must know of it.
func (c *Compiler) function(e *parser.Call) (*rmgr.Function, []computed, error) {
	if e.Star {
		return nil, nil, c.fail(e.Pos, ereport.CodeUndefinedFunction, "function %s() does not exist", e.Name)
	}
	if c.noCalls != "" {
		return nil, nil, c.fail(e.Pos, ereport.CodeNotSupported, "a function call in %s is not supported", c.noCalls)
	}
	args := make([]computed, len(e.Args))
	for i, a := range e.Args {
		var err error
		if args[i], err = c.expr(a); err != nil {
			return nil, nil, err
		}
	}
	fn, ok := c.catalog.Function(e.Name, len(args))
	if !ok || !catalog.Takes(fn, len(args)) {
		return nil, nil, c.noFunction(e, args, fn)
	}
	for i := range args {
		k, err := c.coerce(args[i], fn.Args[min(i, len(fn.Args)-1)].Type)
		if err == errNoCoercion {
			return nil, nil, c.noFunction(e, args, fn)
		}
		if err != nil {
			return nil, nil, err
		}
		args[i] = k
	}
	fixed := catalog.Fewest(fn) + len(fn.Defaults)
	for i := len(args); i < fixed; i++ {
		args = append(args, constant(fn.Args[i].Type, e.Pos, fn.Defaults[i-fixed+len(fn.Defaults)]))
	}
	c.calls++
	return fn, args, c.noteWriter(e, fn)
}

func (c *Compiler) noteWriter(e *parser.Call, fn *rmgr.Function) error {
	if fn.Write == nil {
		return nil
	}
	if c.Writer != nil {
		return c.fail(e.Pos, ereport.CodeNotSupported, "a statement can hold only one writing call: %s and %s", c.Writer.Name, fn.Name).
			WithHint("One call is one atomic action. Use two statements.")
	}
	c.Writer = fn
	return nil
}

// noFunction is the error of a call that fits no function; fn is one of that name, or nil.
func (c *Compiler) noFunction(e *parser.Call, args []computed, fn *rmgr.Function) *ereport.Error {
	types := make([]string, len(args))
	for i, a := range args {
		types[i] = datum.TypeName(a.typ)
	}
	err := c.fail(e.Pos, ereport.CodeUndefinedFunction, "function %s(%s) does not exist", e.Name, strings.Join(types, ", "))
	if fn != nil {
		return err.WithHint("There is %s. You might need to add explicit type casts.", catalog.Signature(fn))
	}
	return err.WithHint("%s A module's functions exist while preload_modules lists the module.", hintTypes)
}
