package sql

func (p *parser) prepare() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &prepareNode{pos: p.tok.pos}
	if p.isWord("transaction") {
		return nil, p.unsupported(p.tok.pos, "PREPARE TRANSACTION")
	}
	var err error
	if n.name, err = p.name(); err != nil {
		return nil, err
	}
	if ok, err := p.takeOp("("); err != nil {
		return nil, err
	} else if ok {
		if n.types, err = p.typeNames(); err != nil {
			return nil, err
		}
	}
	if err := p.wantWords("as"); err != nil {
		return nil, err
	}
	if !p.isWord("select") {
		return nil, p.syntaxError()
	}
	n.body, err = p.statement()
	p.params = 0
	return n, err
}

func (p *parser) typeNames() ([]typeName, error) {
	var list []typeName
	for {
		t, err := p.typeName()
		if err != nil {
			return nil, err
		}
		list = append(list, t)
		if ok, err := p.takeOp(","); err != nil {
			return nil, err
		} else if !ok {
			return list, p.wantOp(")")
		}
	}
}

func (p *parser) execute() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &executeNode{pos: p.tok.pos}
	var err error
	if n.name, err = p.name(); err != nil {
		return nil, err
	}
	if ok, err := p.takeOp("("); err != nil {
		return nil, err
	} else if ok {
		n.args, err = p.list()
		return n, err
	}
	return n, nil
}

func (p *parser) deallocate() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if _, err := p.takeWord("prepare"); err != nil {
		return nil, err
	}
	n := &deallocateNode{pos: p.tok.pos}
	if ok, err := p.takeWord("all"); ok || err != nil {
		return n, err
	}
	var err error
	n.name, err = p.name()
	return n, err
}
