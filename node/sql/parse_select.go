package sql

import "strings"

func (p *parser) selectStatement() (node, error) { return p.selectQuery() }

func (p *parser) selectQuery() (*selectNode, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isWord("distinct") {
		return nil, p.unsupported(p.tok.pos, "SELECT DISTINCT")
	}
	if _, err := p.takeWord("all"); err != nil {
		return nil, err
	}
	n := &selectNode{}
	var err error
	if n.items, err = p.items(); err != nil {
		return nil, err
	}
	if p.isWord("from") {
		if n.from, err = p.from(); err != nil {
			return nil, err
		}
	}
	if ok, err := p.takeWord("where"); err != nil {
		return nil, err
	} else if ok {
		if n.where, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if err := p.refuseClauses(); err != nil {
		return nil, err
	}
	if p.isWord("order") {
		if n.order, err = p.orderBy(); err != nil {
			return nil, err
		}
	}
	if err := p.limits(n); err != nil {
		return nil, err
	}
	return n, p.refuseClauses()
}

// refuseClauses names the clause of SELECT that comes next and is not there.
func (p *parser) refuseClauses() error {
	if p.isWord("group", "having", "window", "union", "intersect", "except", "into", "for", "fetch") {
		word := strings.ToUpper(p.tok.text)
		if word == "GROUP" {
			word = "GROUP BY"
		}
		return p.unsupported(p.tok.pos, word)
	}
	return nil
}

func (p *parser) items() ([]item, error) {
	var list []item
	for {
		it, err := p.item()
		if err != nil {
			return nil, err
		}
		list = append(list, it)
		if ok, err := p.takeOp(","); !ok || err != nil {
			return list, err
		}
	}
}

func (p *parser) item() (item, error) {
	it := item{pos: p.tok.pos}
	if ok, err := p.takeOp("*"); ok || err != nil {
		return it, err
	}
	var err error
	if it.expr, err = p.expression(); err != nil {
		return it, err
	}
	if c, ok := it.expr.(*column); ok && c.name == "*" {
		it.expr, it.table = nil, c.table
		return it, nil
	}
	if ok, err := p.takeWord("as"); err != nil {
		return it, err
	} else if ok {
		// After AS any word is a label, also a reserved one.
		if p.tok.kind != tokenWord && p.tok.kind != tokenQuoted {
			return it, p.syntaxError()
		}
		it.alias = p.tok.text
		return it, p.advance()
	}
	if p.tok.kind == tokenQuoted || p.tok.kind == tokenWord && !reserved[p.tok.text] {
		it.alias, err = p.name()
	}
	return it, err
}

// maxSources bounds what one FROM may join.
const maxSources = 32

func (p *parser) from() ([]*source, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	first, err := p.source()
	if err != nil {
		return nil, err
	}
	list := []*source{first}
	for {
		pos := p.tok.pos
		kind, ok, err := p.join()
		if !ok || err != nil {
			return list, err
		}
		if len(list) == maxSources {
			return nil, p.fail(pos, pcodeProgramLimit, "more than %d sources in FROM", maxSources)
		}
		s, err := p.source()
		if err != nil {
			return nil, err
		}
		if s.join = kind; kind != crossJoin || p.isWord("on") {
			if err := p.joinCondition(s); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
}

// join reads what joins the next source to those before it; ok is false if there is none.
func (p *parser) join() (kind joinKind, ok bool, err error) {
	pos, word := p.tok.pos, p.tok.text
	switch {
	case p.isOp(","):
		return crossJoin, true, p.advance()
	case p.isWord("join"):
		return innerJoin, true, p.advance()
	case p.isWord("inner"):
		return innerJoin, true, p.wantWords("inner", "join")
	case p.isWord("cross"):
		return crossJoin, true, p.wantWords("cross", "join")
	case p.isWord("left"):
		if err := p.advance(); err != nil {
			return 0, true, err
		}
		if _, err := p.takeWord("outer"); err != nil {
			return 0, true, err
		}
		return leftJoin, true, p.wantWords("join")
	case p.isWord("right", "full", "natural"):
		return 0, true, p.unsupported(pos, strings.ToUpper(word)+" JOIN")
	}
	return 0, false, nil
}

func (p *parser) joinCondition(s *source) (err error) {
	if s.join == crossJoin {
		return p.syntaxError()
	}
	if p.isWord("using") {
		return p.unsupported(p.tok.pos, "JOIN … USING").hint("Use JOIN … ON.")
	}
	if err := p.wantWords("on"); err != nil {
		return err
	}
	s.on, err = p.expression()
	return err
}

func (p *parser) source() (*source, error) {
	if p.isOp("(") {
		return nil, p.unsupported(p.tok.pos, "a subquery in FROM")
	}
	s := &source{pos: p.tok.pos}
	name, err := p.qualifiedName()
	if err != nil {
		return nil, err
	}
	if p.isOp("(") {
		if s.call, err = p.callArguments(name, s.pos); err != nil {
			return nil, err
		}
	} else {
		s.name = name
	}
	if p.isWord("with") {
		return nil, p.unsupported(p.tok.pos, "WITH ORDINALITY")
	}
	return s, p.sourceAlias(s)
}

func (p *parser) sourceAlias(s *source) error {
	as, err := p.takeWord("as")
	if err != nil {
		return err
	}
	if !as && p.tok.kind != tokenQuoted && (p.tok.kind != tokenWord || reserved[p.tok.text]) {
		return nil
	}
	if s.alias, err = p.name(); err != nil {
		return err
	}
	if ok, err := p.takeOp("("); !ok || err != nil {
		return err
	}
	for {
		c, err := p.name()
		if err != nil {
			return err
		}
		s.columns = append(s.columns, c)
		if ok, err := p.takeOp(","); err != nil {
			return err
		} else if !ok {
			return p.wantOp(")")
		}
	}
}

// qualifiedName reads name or schema.name; the schemas that a node pretends to have fall away.
func (p *parser) qualifiedName() (string, error) {
	pos := p.tok.pos
	name, err := p.name()
	if err != nil {
		return "", err
	}
	if ok, err := p.takeOp("."); !ok || err != nil {
		return name, err
	}
	schema := name
	if name, err = p.name(); err != nil {
		return "", err
	}
	return name, p.checkSchema(schema, pos)
}

func (p *parser) checkSchema(schema string, pos int) error {
	if schema != "pg_catalog" && schema != "public" {
		return p.fail(pos, pcodeInvalidSchema, "schema \"%s\" does not exist", schema)
	}
	return nil
}

func (p *parser) orderBy() ([]ordering, error) {
	if err := p.wantWords("order", "by"); err != nil {
		return nil, err
	}
	var list []ordering
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

func (p *parser) ordering() (o ordering, err error) {
	if o.expr, err = p.expression(); err != nil {
		return o, err
	}
	if p.isWord("asc", "desc") {
		o.desc = p.tok.text == "desc"
		if err := p.advance(); err != nil {
			return o, err
		}
	}
	o.nullsFirst = o.desc
	if ok, err := p.takeWord("nulls"); !ok || err != nil {
		return o, err
	}
	if !p.isWord("first", "last") {
		return o, p.syntaxError()
	}
	o.nullsFirst = p.tok.text == "first"
	return o, p.advance()
}

func (p *parser) limits(n *selectNode) error {
	for p.isWord("limit", "offset") {
		into := &n.limit
		if p.tok.text == "offset" {
			into = &n.offset
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
