package executor

import (
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// An Assigned is a list of expressions that are the parameters of another statement.
type Assigned []computed

// Assign compiles expressions whose values are given to parameters of types, of which there are as many. They call
// nothing.
func (c *Compiler) Assign(list []parser.Expr, types []rmgr.Type) (Assigned, error) {
	out := make(Assigned, len(list))
	c.noCalls = "EXECUTE"
	for i, e := range list {
		k, err := c.expr(e)
		if err != nil {
			return nil, err
		}
		if out[i], err = c.coerce(k, types[i]); err == errNoCoercion {
			if cast := explicit(k, types[i]); cast.eval != nil && datum.Assignable(k.typ, types[i]) {
				out[i] = cast
				continue
			}
			return nil, c.fail(k.pos, ereport.CodeDatatypeMismatch, "parameter $%d of type %s cannot be coerced to the expected type %s",
				i+1, datum.TypeName(k.typ), datum.TypeName(types[i]))
		} else if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Values computes them, NULL as nil.
func (a Assigned) Values(x *Execution) ([]any, error) {
	values, _, err := evalArgs(x, a)
	return values, err
}
