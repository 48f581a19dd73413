package parser

import "strings"

func (p *parser) set() (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &Set{Pos: p.tok.pos}
	switch {
	case p.isWord("session") && !p.followsAssignment():
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.isWord("characteristics") {
			return p.sessionCharacteristics()
		}
	case p.isWord("local") && !p.followsAssignment():
		n.Local = true
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	n.Pos = p.tok.pos
	if !p.followsAssignment() {
		if special, ok, err := p.setSpecial(n); ok || err != nil {
			return special, err
		}
	}
	var err error
	if n.Name, err = p.settingName(); err != nil {
		return nil, err
	}
	if !p.isOp("=") && !p.isWord("to") {
		return nil, p.syntaxError()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return n, p.settingValue(n)
}

// setSpecial parses the forms of SET that have a grammar of their own.
func (p *parser) setSpecial(n *Set) (Node, bool, error) {
	pos := p.tok.pos
	switch {
	case p.isWord("transaction"):
		if err := p.advance(); err != nil {
			return nil, true, err
		}
		tx := &Transaction{Verb: SetTransaction}
		return tx, true, p.transactionModes(tx)
	case p.isWord("time"):
		n.Name = "timezone"
		if err := p.wantWords("time", "zone"); err != nil {
			return nil, true, err
		}
		if p.isWord("local") {
			n.Reset = true
			return n, true, p.advance()
		}
		return n, true, p.settingValue(n)
	case p.isWord("names"):
		n.Name = "client_encoding"
		if err := p.advance(); err != nil {
			return nil, true, err
		}
		return n, true, p.settingValue(n)
	case p.isWord("role", "authorization", "constraints", "xml"):
		return nil, true, p.unsupported(pos, "SET "+strings.ToUpper(p.tok.text))
	}
	return nil, false, nil
}

// settingValue reads DEFAULT or a list of words, strings and numbers.
func (p *parser) settingValue(n *Set) error {
	if ok, err := p.takeWord("default"); ok || err != nil {
		n.Reset = true
		return err
	}
	var parts []string
	for {
		sign := ""
		for _, s := range []string{"-", "+"} {
			if ok, err := p.takeOp(s); err != nil {
				return err
			} else if ok {
				sign = s
			}
		}
		switch p.tok.kind {
		case tokenNumber:
			parts = append(parts, sign+p.tok.text)
		case tokenWord, tokenQuoted, tokenString:
			if sign != "" {
				return p.syntaxError()
			}
			parts = append(parts, p.tok.text)
		default:
			return p.syntaxError()
		}
		if err := p.advance(); err != nil {
			return err
		}
		if ok, err := p.takeOp(","); err != nil {
			return err
		} else if !ok {
			n.Value = strings.Join(parts, ", ")
			return nil
		}
	}
}
