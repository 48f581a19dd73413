package parser

func (p *parser) expression() (Expr, error) { return p.bound(0) }

// bound parses an expression whose operators bind stronger than floor.
func (p *parser) bound(floor int) (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	x, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.climb(x, floor)
}

// climb takes x as the left side of the operators that bind stronger than floor.
func (p *parser) climb(x Expr, floor int) (Expr, error) {
	for steps := 0; ; steps++ {
		if p.isOp("[") {
			return nil, p.unsupported(p.tok.pos, "a subscript")
		}
		strength := p.strength()
		if strength <= floor {
			return x, nil
		}
		if steps == maxDepth*10 {
			return nil, p.fail(p.tok.pos, codeTooComplex, "stack depth limit exceeded: more than %d operators in a row", steps)
		}
		var err error
		if x, err = p.operation(x, strength); err != nil {
			return nil, err
		}
	}
}

// operation parses the operator that comes next, with x at its left.
func (p *parser) operation(x Expr, strength int) (Expr, error) {
	pos, op := p.tok.pos, p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch op {
	case "::":
		typ, err := p.typeName()
		return &Cast{pos, x, typ}, err
	case "is":
		return p.is(x, pos)
	case "isnull", "notnull":
		return &IsNull{pos, x, op == "notnull"}, nil
	case "not":
		op = p.tok.text
		if !p.isWord("in", "between", "like", "ilike", "similar") {
			return nil, p.syntaxError()
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.match(x, pos, op, true)
	case "in", "between", "like", "ilike", "similar":
		return p.match(x, pos, op, false)
	case "collate":
		return x, p.collation()
	case "operator":
		var err error
		if op, strength, err = p.qualifiedOperator(); err != nil {
			return nil, err
		}
	}
	if op == "!=" {
		op = "<>"
	}
	if p.isWord("any", "all", "some") {
		return p.quantified(x, pos, op)
	}
	r, err := p.bound(strength)
	return &Infix{pos, op, x, r}, err
}
