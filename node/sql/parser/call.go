package parser

import "strings"

// named parses what begins with a word: a key word's expression, a call, a column.
func (p *parser) named() (Expr, error) {
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
			return &Column{t.pos, name, "*"}, err
		}
		table := name
		if name, err = p.name(); err != nil {
			return nil, err
		}
		if !p.isOp("(") {
			return &Column{t.pos, table, name}, nil
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
		x := &Literal{p.tok.pos, StringLiteral, p.tok.text}
		return &Cast{t.pos, x, TypeName{Pos: t.pos, Name: name}}, p.advance()
	}
	return &Column{t.pos, "", name}, nil
}

func (p *parser) castCall(pos int) (Expr, error) {
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
	return &Cast{pos, x, typ}, p.wantOp(")")
}

// keyword parses an expression that a key word begins; ok is false if the word is none of these.
func (p *parser) keyword() (x Expr, ok bool, err error) {
	pos, word := p.tok.pos, p.tok.text
	switch word {
	case "true", "false":
		return &Literal{pos, BoolLiteral, word}, true, p.advance()
	case "null":
		return &Literal{pos, NullLiteral, ""}, true, p.advance()
	case "not":
		if err := p.advance(); err != nil {
			return nil, true, err
		}
		x, err := p.bound(bindNot)
		return &Unary{pos, "not", x}, true, err
	case "cast":
		x, err := p.castCall(pos)
		return x, true, err
	case "current_user", "session_user", "user", "current_catalog", "current_role", "current_timestamp", "current_schema":
		if err := p.advance(); err != nil {
			return nil, true, err
		}
		if p.isOp("(") && word == "current_schema" {
			if err := p.advance(); err != nil {
				return nil, true, err
			}
			if err := p.wantOp(")"); err != nil {
				return nil, true, err
			}
		}
		return &Call{Pos: pos, Name: bareCalls[word]}, true, nil
	case "case":
		x, err := p.caseExpression(pos)
		return x, true, err
	case "array":
		x, err := p.array(pos)
		return x, true, err
	case "exists":
		if p.follows("(") {
			if err := p.advance(); err != nil {
				return nil, true, err
			}
			x, err := p.selectInParentheses(&Subquery{Pos: pos, Exists: true})
			return x, true, err
		}
	case "row", "interval", "extract":
		if p.follows("(") || word == "interval" && p.followsString() {
			return nil, true, p.unsupported(pos, strings.ToUpper(word))
		}
	}
	return nil, false, nil
}
