package parser

func (p *parser) orderBy() ([]Ordering, error) {
	if err := p.wantWords("order", "by"); err != nil {
		return nil, err
	}
	var list []Ordering
	for {
		o, err := p.ordering()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
		if ok, err := p.takeOp(","); !ok || err != nil {
			return list, err
		}
	}
}

func (p *parser) ordering() (o Ordering, err error) {
	if o.Expr, err = p.expression(); err != nil {
		return o, err
	}
	if p.isWord("asc", "desc") {
		o.Desc = p.tok.text == "desc"
		if err := p.advance(); err != nil {
			return o, err
		}
	}
	o.NullsFirst = o.Desc
	if ok, err := p.takeWord("nulls"); !ok || err != nil {
		return o, err
	}
	if !p.isWord("first", "last") {
		return o, p.syntaxError()
	}
	o.NullsFirst = p.tok.text == "first"
	return o, p.advance()
}

func (p *parser) limits(n *Select) error {
	for p.isWord("limit", "offset") {
		into := &n.Limit
		if p.tok.text == "offset" {
			into = &n.Offset
		}
		if *into != nil {
			return p.syntaxError()
		}
		if err := p.advance(); err != nil {
			return err
		}
		if ok, err := p.takeWord("all"); err != nil {
			return err
		} else if ok {
			continue
		}
		x, err := p.expression()
		if err != nil {
			return err
		}
		*into = x
		if p.isWord("row", "rows") {
			if err := p.advance(); err != nil {
				return err
			}
		}
	}
	return nil
}
