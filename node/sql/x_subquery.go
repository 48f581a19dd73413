package sql

import (
	"bytes"
	"strings"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/parser"
	"github.com/redoubt-wal/redoubt/rmgr"
)

// subquery compiles (SELECT …), which gives one value or NULL, and ARRAY(SELECT …). It runs anew for each row of the
// SELECT around it, whose columns it may name.
func (c *compiler) subquery(e *parser.Subquery) (computed, error) {
	if c.noCalls != "" {
		return computed{}, c.unsupported(e.Pos, "a subquery in "+c.noCalls)
	}
	writer := c.writer
	p, err := c.selectPlan(e.Query)
	if err != nil {
		return computed{}, err
	}
	if c.writer != writer {
		return computed{}, c.fail(e.Pos, codeNotSupported, "the writing function %s cannot be called in a subquery", c.writer.Name).
			WithHint("One call is one atomic action. Call it once per statement.")
	}
	if len(p.items) != 1 {
		return computed{}, c.fail(e.Pos, codeSyntax, "subquery must return only one column")
	}
	c.calls++ // it reads: the sources around it are read first
	if e.Array {
		return computed{typ: rmgr.Text, shown: datum.ArrayOf(p.columns[0].Type), pos: e.Pos, name: "array", eval: p.array}, nil
	}
	k := p.items[0]
	return computed{typ: k.typ, shown: k.shown, pos: e.Pos, name: k.name, eval: p.value}, nil
}

// within runs a subquery's plan for the current row of x.
func (p *selectPlan) within(x *execution, emit func([]any) error) error {
	in := execution{root: x.root, run: x.run, limit: x.limit, args: x.args, ctx: x.ctx, outer: append(x.outer[:len(x.outer):len(x.outer)], x.source), emit: emit}
	_, err := p.run(&in)
	return err
}

func (p *selectPlan) value(x *execution) (v any, err error) {
	rows := 0
	err = p.within(x, func(row []any) error {
		if rows++; rows > 1 {
			return errorf(codeCardinality, "more than one row returned by a subquery used as an expression")
		}
		v = row[0]
		if b, ok := v.([]byte); ok {
			v = bytes.Clone(b) // it may lie in a page
		}
		return nil
	})
	return v, err
}

func (p *selectPlan) array(x *execution) (any, error) {
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
		text, err := datum.AppendText(nil, p.columns[0].Type, row[0])
		if err != nil {
			return err
		}
		if b.Len()+len(text) > limit {
			return errorf(codeProgramLimit, "the result does not fit into %d bytes", limit)
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
