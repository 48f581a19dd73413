package parser

import (
	"strconv"
	"strings"
)

// operand parses what stands between operators.
func (p *parser) operand() (Expr, error) {
	t := p.tok
	switch t.kind {
	case tokenString:
		return &Literal{t.pos, StringLiteral, t.text}, p.advance()
	case tokenNumber:
		kind := IntLiteral
		if strings.ContainsAny(t.text, ".eE") {
			kind = FloatLiteral
		}
		return &Literal{t.pos, kind, t.text}, p.advance()
	case tokenParam:
		return p.parameter()
	case tokenOp:
		return p.prefixed()
	case tokenWord, tokenQuoted:
		return p.named()
	}
	return nil, p.syntaxError()
}

// prefixed parses a sign or a parenthesis.
func (p *parser) prefixed() (Expr, error) {
	pos, op := p.tok.pos, p.tok.text
	switch op {
	case "-", "+":
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.signed(pos, op)
	case "(":
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.isWord("select") {
			return p.subquery(&Subquery{Pos: pos})
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		if p.isOp(",") {
			return nil, p.unsupported(pos, "a row constructor")
		}
		return x, p.wantOp(")")
	}
	return nil, p.syntaxError()
}

func (p *parser) parameter() (Expr, error) {
	n, err := strconv.Atoi(p.tok.text)
	if err != nil || n < 1 || n > maxParam {
		return nil, p.fail(p.tok.pos, codeUndefinedParameter, "there is no parameter $%s", p.tok.text)
	}
	p.params = max(p.params, n)
	return &Param{p.tok.pos, n}, p.advance()
}

// signed parses what follows a sign. A negative number is a literal, so that -9223372036854775808
// is one; but :: binds stronger than the sign.
func (p *parser) signed(pos int, sign string) (Expr, error) {
	if p.tok.kind != tokenNumber {
		x, err := p.bound(bindUnary)
		return &Unary{pos, sign, x}, err
	}
	x, err := p.operand()
	if err != nil {
		return nil, err
	}
	if !p.isOp("::") {
		if n := x.(*Literal); sign == "-" {
			n.Text = "-" + n.Text
		}
		return x, nil
	}
	x, err = p.climb(x, bindUnary)
	return &Unary{pos, sign, x}, err
}
