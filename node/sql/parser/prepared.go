package parser

func (p *parser) prepare() (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &Prepare{Pos: p.tok.pos}
	if p.isWord("transaction") {
		return nil, p.unsupported(p.tok.pos, "PREPARE TRANSACTION")
	}
	var err error
	if n.Name, err = p.name(); err != nil {
		return nil, err
	}
	if ok, err := p.takeOp("("); err != nil {
		return nil, err
	} else if ok {
		if n.Types, err = p.typeNames(); err != nil {
			return nil, err
		}
	}
	if err := p.wantWords("as"); err != nil {
		return nil, err
	}
	if !p.isWord("select") {
		return nil, p.syntaxError()
	}
	n.Body, err = p.statement()
	p.params = 0
	return n, err
}

func (p *parser) execute() (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &Execute{Pos: p.tok.pos}
	var err error
	if n.Name, err = p.name(); err != nil {
		return nil, err
	}
	if ok, err := p.takeOp("("); err != nil {
		return nil, err
	} else if ok {
		n.Args, err = p.list()
		return n, err
	}
	return n, nil
}

func (p *parser) deallocate() (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if _, err := p.takeWord("prepare"); err != nil {
		return nil, err
	}
	n := &Deallocate{Pos: p.tok.pos}
	if ok, err := p.takeWord("all"); ok || err != nil {
		return n, err
	}
	var err error
	n.Name, err = p.name()
	return n, err
}
