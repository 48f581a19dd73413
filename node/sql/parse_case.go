package sql

// caseExpression parses CASE [operand] WHEN … THEN … [ELSE …] END.
func (p *parser) caseExpression(pos int) (expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	e := &caseOf{pos: pos}
	var err error
	if !p.isWord("when") {
		if e.operand, err = p.expression(); err != nil {
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
		e.when, e.then = append(e.when, when), append(e.then, then)
		if !p.isWord("when") {
			break
		}
	}
	if ok, err := p.takeWord("else"); err != nil {
		return nil, err
	} else if ok {
		if e.otherwise, err = p.expression(); err != nil {
			return nil, err
		}
	}
	return e, p.wantWords("end")
}

// subquery parses a SELECT in parentheses, of which the first is read.
func (p *parser) subquery(pos int, array bool) (expr, error) {
	n, err := p.selectQuery()
	if err != nil {
		return nil, err
	}
	return &subquery{pos, n, array}, p.wantOp(")")
}

// qualifiedOperator reads the rest of OPERATOR(pg_catalog.~).
func (p *parser) qualifiedOperator() (op string, strength int, err error) {
	if err := p.wantOp("("); err != nil {
		return "", 0, err
	}
	if p.tok.kind == tokenWord || p.tok.kind == tokenQuoted {
		pos := p.tok.pos
		schema, err := p.name()
		if err != nil {
			return "", 0, err
		}
		if err := p.checkSchema(schema, pos); err != nil {
			return "", 0, err
		}
		if err := p.wantOp("."); err != nil {
			return "", 0, err
		}
	}
	op = p.tok.text
	if strength = operators[op]; p.tok.kind != tokenOp || strength == 0 || op == "::" {
		return "", 0, p.syntaxError()
	}
	if err := p.advance(); err != nil {
		return "", 0, err
	}
	return op, bindOther, p.wantOp(")")
}

// collation reads what follows COLLATE. Text has one order here, that of its bytes.
func (p *parser) collation() error {
	pos := p.tok.pos
	name := p.tok.text
	if p.tok.kind != tokenWord && p.tok.kind != tokenQuoted {
		return p.syntaxError()
	}
	if err := p.advance(); err != nil {
		return err
	}
	if ok, err := p.takeOp("."); err != nil {
		return err
	} else if ok {
		if err := p.checkSchema(name, pos); err != nil {
			return err
		}
		if p.tok.kind != tokenWord && p.tok.kind != tokenQuoted {
			return p.syntaxError() // behind the point a reserved word is a name: default
		}
		name = p.tok.text
		if err := p.advance(); err != nil {
			return err
		}
	}
	switch name {
	case "default", "C", "POSIX", "ucs_basic":
		return nil
	}
	return p.fail(pos, pcodeUndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", name)
}
