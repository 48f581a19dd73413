package parser

import "strings"

// list parses expressions up to the closing parenthesis; there is at least one.
func (p *parser) list() ([]Expr, error) {
	var list []Expr
	for {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		list = append(list, x)
		if ok, err := p.takeOp(","); err != nil {
			return nil, err
		} else if !ok {
			return list, p.wantOp(")")
		}
	}
}

func (p *parser) arguments() ([]Expr, error) {
	var list []Expr
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

// callArguments parses the parenthesis behind a function's name.
func (p *parser) callArguments(name string, pos int) (*Call, error) {
	c := &Call{Pos: pos, Name: name}
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
		c.Star = true
		if err := p.wantOp(")"); err != nil {
			return nil, err
		}
		return c, p.refuseCallClauses()
	}
	if p.isWord("distinct", "variadic") {
		return nil, p.unsupported(p.tok.pos, strings.ToUpper(p.tok.text)+" in a call")
	}
	var err error
	if c.Args, err = p.arguments(); err != nil {
		return nil, err
	}
	return c, p.refuseCallClauses()
}

func (p *parser) refuseCallClauses() error {
	if p.isWord("over", "filter") && (p.follows("(") || p.tok.text == "over") {
		return p.unsupported(p.tok.pos, strings.ToUpper(p.tok.text))
	}
	return nil
}
