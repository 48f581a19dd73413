package parser

import "strings"

func (p *parser) is(x Expr, pos int) (Expr, error) {
	not, err := p.takeWord("not")
	if err != nil {
		return nil, err
	}
	switch {
	case p.isWord("null", "unknown"):
		return &IsNull{pos, x, not}, p.advance()
	case p.isWord("true", "false"):
		return &IsTruth{pos, x, p.tok.text == "true", not}, p.advance()
	case p.isWord("distinct"):
		if err := p.wantWords("distinct", "from"); err != nil {
			return nil, err
		}
		y, err := p.bound(bindIs)
		return &IsDistinct{pos, x, y, not}, err
	}
	return nil, p.syntaxError()
}

// match parses what follows IN, BETWEEN and LIKE.
func (p *parser) match(x Expr, pos int, op string, not bool) (Expr, error) {
	switch op {
	case "in":
		if err := p.wantOp("("); err != nil {
			return nil, err
		}
		if p.isWord("select") {
			return nil, p.unsupported(p.tok.pos, "a subquery")
		}
		list, err := p.list()
		return &InList{pos, x, list, not}, err
	case "between":
		low, err := p.bound(bindMatch)
		if err != nil {
			return nil, err
		}
		if err := p.wantWords("and"); err != nil {
			return nil, err
		}
		high, err := p.bound(bindMatch)
		if err != nil {
			return nil, err
		}
		return &Between{pos, x, low, high, not}, nil
	case "like":
		r, err := p.bound(bindMatch)
		if err != nil {
			return nil, err
		}
		var e Expr = &Infix{pos, "like", x, r}
		if not {
			e = &Unary{pos, "not", e}
		}
		return e, nil
	}
	return nil, p.unsupported(pos, strings.ToUpper(op))
}
