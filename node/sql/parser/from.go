package parser

import "strings"

// maxSources bounds what one FROM may join.
const maxSources = 32

func (p *parser) from() ([]*Source, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	first, err := p.source()
	if err != nil {
		return nil, err
	}
	list := []*Source{first}
	for {
		pos, comma := p.tok.pos, p.isOp(",")
		kind, ok, err := p.join()
		if !ok || err != nil {
			return list, err
		}
		if len(list) == maxSources {
			return nil, p.fail(pos, codeProgramLimit, "more than %d sources in FROM", maxSources)
		}
		s, err := p.source()
		if err != nil {
			return nil, err
		}
		s.Comma = comma
		if s.Join = kind; kind != CrossJoin || p.isWord("on") {
			if err := p.joinCondition(s); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
}

// join reads what joins the next source to those before it; ok is false if there is none.
func (p *parser) join() (kind JoinKind, ok bool, err error) {
	pos, word := p.tok.pos, p.tok.text
	switch {
	case p.isOp(","):
		return CrossJoin, true, p.advance()
	case p.isWord("join"):
		return InnerJoin, true, p.advance()
	case p.isWord("inner"):
		return InnerJoin, true, p.wantWords("inner", "join")
	case p.isWord("cross"):
		return CrossJoin, true, p.wantWords("cross", "join")
	case p.isWord("left"):
		if err := p.advance(); err != nil {
			return 0, true, err
		}
		if _, err := p.takeWord("outer"); err != nil {
			return 0, true, err
		}
		return LeftJoin, true, p.wantWords("join")
	case p.isWord("right", "full", "natural"):
		return 0, true, p.unsupported(pos, strings.ToUpper(word)+" JOIN")
	}
	return 0, false, nil
}

func (p *parser) joinCondition(s *Source) (err error) {
	if s.Join == CrossJoin {
		return p.syntaxError()
	}
	if p.isWord("using") {
		return p.unsupported(p.tok.pos, "JOIN … USING").hint("Use JOIN … ON.")
	}
	if err := p.wantWords("on"); err != nil {
		return err
	}
	s.On, err = p.expression()
	return err
}

func (p *parser) source() (*Source, error) {
	if p.isOp("(") {
		return nil, p.unsupported(p.tok.pos, "a subquery in FROM")
	}
	s := &Source{Pos: p.tok.pos}
	name, err := p.qualifiedName()
	if err != nil {
		return nil, err
	}
	if p.isOp("(") {
		if s.Call, err = p.callArguments(name, s.Pos); err != nil {
			return nil, err
		}
	} else {
		s.Name = name
	}
	if p.isWord("with") {
		return nil, p.unsupported(p.tok.pos, "WITH ORDINALITY")
	}
	return s, p.sourceAlias(s)
}

func (p *parser) sourceAlias(s *Source) error {
	as, err := p.takeWord("as")
	if err != nil {
		return err
	}
	if !as && p.tok.kind != tokenQuoted && (p.tok.kind != tokenWord || reserved[p.tok.text]) {
		return nil
	}
	if s.Alias, err = p.name(); err != nil {
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
		s.Columns = append(s.Columns, c)
		if ok, err := p.takeOp(","); err != nil {
			return err
		} else if !ok {
			return p.wantOp(")")
		}
	}
}
