package parser

import "strings"

func (p *parser) selectStatement() (Node, error) { return p.selectQuery() }

func (p *parser) selectQuery() (*Select, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isWord("distinct") {
		return nil, p.unsupported(p.tok.pos, "SELECT DISTINCT")
	}
	if _, err := p.takeWord("all"); err != nil {
		return nil, err
	}
	n := &Select{}
	var err error
	if n.Items, err = p.items(); err != nil {
		return nil, err
	}
	if p.isWord("from") {
		if n.From, err = p.from(); err != nil {
			return nil, err
		}
	}
	if ok, err := p.takeWord("where"); err != nil {
		return nil, err
	} else if ok {
		if n.Where, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if err := p.refuseClauses(); err != nil {
		return nil, err
	}
	if p.isWord("order") {
		if n.Order, err = p.orderBy(); err != nil {
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

func (p *parser) items() ([]Item, error) {
	var list []Item
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

func (p *parser) item() (Item, error) {
	it := Item{Pos: p.tok.pos}
	if ok, err := p.takeOp("*"); ok || err != nil {
		return it, err
	}
	var err error
	if it.Expr, err = p.expression(); err != nil {
		return it, err
	}
	if c, ok := it.Expr.(*Column); ok && c.Name == "*" {
		it.Expr, it.Table = nil, c.Table
		return it, nil
	}
	if ok, err := p.takeWord("as"); err != nil {
		return it, err
	} else if ok {
		// After AS any word is a label, also a reserved one.
		if p.tok.kind != tokenWord && p.tok.kind != tokenQuoted {
			return it, p.syntaxError()
		}
		it.Alias = p.tok.text
		return it, p.advance()
	}
	if p.tok.kind == tokenQuoted || p.tok.kind == tokenWord && !reserved[p.tok.text] {
		it.Alias, err = p.name()
	}
	return it, err
}

// selectInParentheses parses (SELECT …) into s.
func (p *parser) selectInParentheses(s *Subquery) (Expr, error) {
	if err := p.wantOp("("); err != nil {
		return nil, err
	}
	if !p.isWord("select") {
		return nil, p.syntaxError()
	}
	return p.subquery(s)
}

// subquery parses a SELECT in parentheses, of which the first is read.
func (p *parser) subquery(s *Subquery) (_ Expr, err error) {
	if s.Query, err = p.selectQuery(); err != nil {
		return nil, err
	}
	return s, p.wantOp(")")
}
