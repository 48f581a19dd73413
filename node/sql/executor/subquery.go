package executor

import (
	"bytes"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// subquery compiles (SELECT …), which gives one value or NULL, ARRAY(SELECT …) and EXISTS (SELECT …). It runs anew for each row of the
// SELECT around it, whose columns it may name.
func (c *Compiler) subquery(e *parser.Subquery) (computed, error) {
	if c.noCalls != "" {
		return computed{}, c.unsupported(e.Pos, "a subquery in "+c.noCalls)
	}
	writer := c.Writer
	p, err := c.Select(e.Query)
	if err != nil {
		return computed{}, err
	}
	if c.Writer != writer {
		return computed{}, c.fail(e.Pos, ereport.CodeNotSupported, "the writing function %s cannot be called in a subquery", c.Writer.Name).
			WithHint("One call is one atomic action. Call it once per statement.")
	}
	if e.Exists {
		c.calls++
		return computed{typ: rmgr.Bool, pos: e.Pos, name: "exists", eval: p.exists}, nil
	}
	if len(p.items) != 1 {
		return computed{}, c.fail(e.Pos, ereport.CodeSyntax, "subquery must return only one column")
	}
	c.calls++ // it reads: the sources around it are read first
	if e.Array {
		return computed{typ: rmgr.Text, shown: datum.ArrayOf(p.Columns[0].Type), pos: e.Pos, name: "array", eval: p.array}, nil
	}
	k := p.items[0]
	return computed{typ: k.typ, shown: k.shown, pos: e.Pos, name: k.name, eval: p.value}, nil
}

// within runs a subquery's plan for the current row of x.
func (p *Plan) within(x *Execution, emit func([]any) error) error {
	in := Execution{root: x.root, run: x.run, limit: x.limit, Args: x.Args, Context: x.Context, outer: append(x.outer[:len(x.outer):len(x.outer)], x.source), Emit: emit}
	_, err := p.Run(&in)
	return err
}

func (p *Plan) exists(x *Execution) (any, error) {
	found := false
	err := p.within(x, func([]any) error {
		found = true
		return errEnough
	})
	return found, enough(err)
}

func (p *Plan) value(x *Execution) (v any, err error) {
	rows := 0
	err = p.within(x, func(row []any) error {
		if rows++; rows > 1 {
			return ereport.Errorf(ereport.CodeCardinality, "more than one row returned by a subquery used as an expression")
		}
		v = row[0]
		if b, ok := v.([]byte); ok {
			v = bytes.Clone(b) // it may lie in a page
		}
		return nil
	})
	return v, err
}

func (p *Plan) array(x *Execution) (any, error) {
	var b strings.Builder
	limit := x.limit
	err := p.within(x, func(row []any) error {
		if b.Len() > 0 {
			b.WriteByte(',')
		} else {
			b.WriteByte('{')
		}
		if row[0] == nil {
			b.WriteString("NULL")
			return nil
		}
		text, err := datum.AppendText(nil, p.Columns[0].Type, row[0])
		if err != nil {
			return err
		}
		if b.Len()+len(text) > limit {
			return ereport.Errorf(ereport.CodeProgramLimit, "the result does not fit into %d bytes", limit)
		}
		datum.WriteElement(&b, string(text))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if b.Len() == 0 {
		return "{}", nil
	}
	return b.String() + "}", nil
}
