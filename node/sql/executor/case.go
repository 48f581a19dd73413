package executor

import (
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// caseOf compiles CASE: conditions are computed in turn up to the first that holds, and then its result.
func (c *Compiler) caseOf(e *parser.Case) (computed, error) {
	when, operand, err := c.caseConditions(e)
	if err != nil {
		return computed{}, err
	}
	results := e.Then
	if e.Otherwise != nil {
		results = append(results[:len(results):len(results)], e.Otherwise)
	}
	then, typ, err := c.unify(results, "CASE", e.Pos)
	if err != nil {
		return computed{}, err
	}
	out := computed{typ: typ, pos: e.Pos, name: "case"}
	if named(e) {
		out.name = then[len(then)-1].name
	}
	out.eval = func(x *Execution) (any, error) {
		if operand != nil {
			if err := operand(x); err != nil {
				return nil, err
			}
		}
		for i := range when {
			if ok, err := when[i].truth(x); err != nil {
				return nil, err
			} else if ok {
				return then[i].eval(x)
			}
		}
		if e.Otherwise != nil {
			return then[len(when)].eval(x)
		}
		return nil, nil
	}
	return out, nil
}

// caseConditions compiles what stands behind WHEN. operand computes what a simple CASE compares, once for all
// conditions; it is nil for a searched one.
func (c *Compiler) caseConditions(e *parser.Case) (when []computed, operand func(x *Execution) error, err error) {
	var value any // of the operand: a plan runs in one goroutine, and within a CASE only others
	var compared computed
	if e.Operand != nil {
		k, err := c.expr(e.Operand)
		if err != nil {
			return nil, nil, err
		}
		k = c.settle(k)
		compared = computed{typ: k.typ, pos: k.pos, eval: func(*Execution) (any, error) { return value, nil }}
		operand = func(x *Execution) (err error) {
			value, err = k.eval(x)
			return err
		}
	}
	for _, w := range e.When {
		if operand == nil {
			k, err := c.boolean(w, "CASE/WHEN")
			if err != nil {
				return nil, nil, err
			}
			when = append(when, k)
			continue
		}
		k, err := c.expr(w)
		if err != nil {
			return nil, nil, err
		}
		equal := computed{pos: w.At()}
		if err := c.comparison(&equal, "=", compared, k); err == errNoCoercion {
			return nil, nil, c.noOperator(w.At(), "=", compared.typ, k.typ)
		} else if err != nil {
			return nil, nil, err
		}
		when = append(when, equal)
	}
	return when, operand, nil
}

func (c *Compiler) noOperator(pos int, op string, l, r rmgr.Type) *ereport.Error {
	return c.fail(pos, ereport.CodeUndefinedFunction, "operator does not exist: %s %s %s", datum.TypeName(l), op, datum.TypeName(r)).
		WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
}
