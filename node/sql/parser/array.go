package parser

import "strings"

// array parses ARRAY[…] and ARRAY(SELECT …).
func (p *parser) array(pos int) (Expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isOp("(") {
		return p.selectInParentheses(&Subquery{Pos: pos, Array: true})
	}
	if err := p.wantOp("["); err != nil {
		return nil, err
	}
	e := &Array{Pos: pos}
	if ok, err := p.takeOp("]"); ok || err != nil {
		return e, err
	}
	for {
		if p.isOp("[") {
			return nil, p.unsupported(p.tok.pos, "an array of more than one dimension")
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		e.List = append(e.List, x)
		if ok, err := p.takeOp(","); err != nil {
			return nil, err
		} else if !ok {
			return e, p.wantOp("]")
		}
	}
}

// quantified parses ANY (array), SOME (array) or ALL (array) behind an operator.
func (p *parser) quantified(x Expr, pos int, op string) (Expr, error) {
	word := p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.wantOp("("); err != nil {
		return nil, err
	}
	if p.isWord("select") {
		return nil, p.unsupported(p.tok.pos, strings.ToUpper(word)+" (SELECT …)")
	}
	array, err := p.expression()
	if err != nil {
		return nil, err
	}
	return &Quantified{pos, op, x, array, word == "all"}, p.wantOp(")")
}
