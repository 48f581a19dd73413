package executor

import (
	"errors"

	"github.com/redoubt-wal/redoubt/node/sql/catalog"
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// A Compiler turns the tree of one statement into functions that compute it. It is for one statement.
type Compiler struct {
	catalog catalog.Catalog
	query   string
	types   []rmgr.Type // of parameters
	used    map[int]struct{}

	*level  // of the SELECT being compiled; nil outside of one
	noCalls string
	calls   int            // of functions that a Caller runs, and of subqueries
	Writer  *rmgr.Function // the one writing call of what has been compiled, nil if there is none
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
	eval  func(x *Execution) (any, error)
	lit   *parser.Literal // it is a literal whose place may give it a type
	param int             // it is a parameter whose place may give it a type
	exact bool            // it is a number with a point as the query writes it: PostgreSQL's numeric
	name  string          // as a column's label
}

// NewCompiler is a compiler of one statement. types are those of its parameters; unknown ones get theirs from their
// places.
func NewCompiler(names catalog.Catalog, query string, types []rmgr.Type) *Compiler {
	return &Compiler{catalog: names, query: query, types: types, level: &level{columnPos: -1}}
}

// Parameters are the types of the parameters after all has been compiled. One that stands nowhere and has no type is an
// error.
func (c *Compiler) Parameters() ([]rmgr.Type, error) {
	for i, t := range c.types {
		if t != datum.Unknown {
			continue
		}
		if _, used := c.used[i+1]; !used {
			return nil, ereport.Errorf(ereport.CodeIndeterminateType, "could not determine data type of parameter $%d", i+1)
		}
		c.types[i] = rmgr.Text
	}
	return c.types, nil
}

func (c *Compiler) fail(pos int, code, format string, args ...any) *ereport.Error {
	return ereport.Errorf(code, format, args...).At(c.query, pos)
}

// Place gives an error that has no place the place pos.
func (c *Compiler) Place(err error, pos int) error {
	var e *ereport.Error
	if errors.As(err, &e) {
		return e.At(c.query, pos)
	}
	var plain *ereport.Condition
	if errors.As(err, &plain) {
		return (&ereport.Error{Condition: *plain}).At(c.query, pos)
	}
	return err
}

func (c *Compiler) unsupported(pos int, what string) *ereport.Error {
	return c.fail(pos, ereport.CodeNotSupported, "%s is not supported", what)
}
