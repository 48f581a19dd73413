package sql

import (
	"strings"
)

// named parses what begins with a word: a key word's expression, a call, a column.
func (p *parser) named() (expr, error) {
	t := p.tok
	if t.kind == tokenWord {
		if x, ok, err := p.keyword(); ok || err != nil {
			return x, err
		}
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	if p.isOp(".") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if ok, err := p.takeOp("*"); ok || err != nil {
			return &column{t.pos, name, "*"}, err
		}
		table := name
		if name, err = p.name(); err != nil {
			return nil, err
		}
		if !p.isOp("(") {
			return &column{t.pos, table, name}, nil
		}
		if err := p.checkSchema(table, t.pos); err != nil {
			return nil, err
		}
	}
	if p.isOp("(") {
		return p.callArguments(name, t.pos)
	}
	if p.tok.kind == tokenString && t.kind == tokenWord {
		// bigint '12', pg_lsn '0/1500028'
		x := &literal{p.tok.pos, stringLiteral, p.tok.text}
		return &cast{t.pos, x, typeName{t.pos, name}}, p.advance()
	}
	return &column{t.pos, "", name}, nil
}

func (p *parser) castCall(pos int) (expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.wantOp("("); err != nil {
		return nil, err
	}
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	if err := p.wantWords("as"); err != nil {
		return nil, err
	}
	typ, err := p.typeName()
	if err != nil {
		return nil, err
	}
	return &cast{pos, x, typ}, p.wantOp(")")
}

// callArguments parses the parenthesis behind a function's name.
func (p *parser) callArguments(name string, pos int) (*call, error) {
	c := &call{pos: pos, name: name}
	if err := p.wantOp("("); err != nil {
		return nil, err
	}
	if ok, err := p.takeOp(")"); err != nil {
		return nil, err
	} else if ok {
		return c, p.refuseCallClauses()
	}
	if ok, err := p.takeOp("*"); err != nil {
		return nil, err
	} else if ok {
		c.star = true
		if err := p.wantOp(")"); err != nil {
			return nil, err
		}
		return c, p.refuseCallClauses()
	}
	if p.isWord("distinct", "variadic") {
		return nil, p.unsupported(p.tok.pos, strings.ToUpper(p.tok.text)+" in a call")
	}
	var err error
	if c.args, err = p.arguments(); err != nil {
		return nil, err
	}
	return c, p.refuseCallClauses()
}

func (p *parser) arguments() ([]expr, error) {
	var list []expr
	for {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		if p.isOp("=>") || p.isOp(":=") {
			return nil, p.unsupported(p.tok.pos, "a named argument")
		}
		list = append(list, x)
		if ok, err := p.takeOp(","); err != nil {
			return nil, err
		} else if !ok {
			return list, p.wantOp(")")
		}
	}
}

func (p *parser) refuseCallClauses() error {
	if p.isWord("over", "filter") && (p.follows("(") || p.tok.text == "over") {
		return p.unsupported(p.tok.pos, strings.ToUpper(p.tok.text))
	}
	return nil
}
