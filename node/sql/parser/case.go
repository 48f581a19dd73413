package parser

// caseExpression parses CASE [operand] WHEN … THEN … [ELSE …] END.
func (p *parser) caseExpression(pos int) (Expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	e := &Case{Pos: pos}
	var err error
	if !p.isWord("when") {
		if e.Operand, err = p.expression(); err != nil {
			return nil, err
		}
	}
	for {
		if err := p.wantWords("when"); err != nil {
			return nil, err
		}
		when, err := p.expression()
		if err != nil {
			return nil, err
		}
		if err := p.wantWords("then"); err != nil {
			return nil, err
		}
		then, err := p.expression()
		if err != nil {
			return nil, err
		}
		e.When, e.Then = append(e.When, when), append(e.Then, then)
		if !p.isWord("when") {
			break
		}
	}
	if ok, err := p.takeWord("else"); err != nil {
		return nil, err
	} else if ok {
		if e.Otherwise, err = p.expression(); err != nil {
			return nil, err
		}
	}
	return e, p.wantWords("end")
}
