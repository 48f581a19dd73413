package sql

import "strings"

func (p *parser) show() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	pos := p.tok.pos
	if ok, err := p.takeWord("all"); ok || err != nil {
		return &showNode{}, err
	}
	if p.isWord("time") {
		return &showNode{"timezone", pos}, p.wantWords("time", "zone")
	}
	if p.isWord("transaction") {
		return &showNode{"transaction_isolation", pos}, p.wantWords("transaction", "isolation", "level")
	}
	name, err := p.settingName()
	return &showNode{name, pos}, err
}

// settingName reads name or class.name.
func (p *parser) settingName() (string, error) {
	name, err := p.name()
	if err != nil {
		return "", err
	}
	for {
		if ok, err := p.takeOp("."); !ok || err != nil {
			return strings.ToLower(name), err
		}
		part, err := p.name()
		if err != nil {
			return "", err
		}
		name += "." + part
	}
}

func (p *parser) set() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &setNode{pos: p.tok.pos}
	switch {
	case p.isWord("session") && !p.followsAssignment():
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.isWord("characteristics") {
			return p.sessionCharacteristics()
		}
	case p.isWord("local") && !p.followsAssignment():
		n.local = true
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	n.pos = p.tok.pos
	if !p.followsAssignment() {
		if special, ok, err := p.setSpecial(n); ok || err != nil {
			return special, err
		}
	}
	var err error
	if n.name, err = p.settingName(); err != nil {
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

func (p *parser) followsAssignment() bool {
	ahead := p.lexer
	t, err := ahead.next()
	return err == nil && (t.kind == tokenOp && t.text == "=" || t.kind == tokenWord && t.text == "to")
}

// setSpecial parses the forms of SET that have a grammar of their own.
func (p *parser) setSpecial(n *setNode) (node, bool, error) {
	pos := p.tok.pos
	switch {
	case p.isWord("transaction"):
		if err := p.advance(); err != nil {
			return nil, true, err
		}
		tx := &transaction{verb: txSet}
		return tx, true, p.transactionModes(tx)
	case p.isWord("time"):
		n.name = "timezone"
		if err := p.wantWords("time", "zone"); err != nil {
			return nil, true, err
		}
		if p.isWord("local") {
			n.reset = true
			return n, true, p.advance()
		}
		return n, true, p.settingValue(n)
	case p.isWord("names"):
		n.name = "client_encoding"
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
func (p *parser) settingValue(n *setNode) error {
	if ok, err := p.takeWord("default"); ok || err != nil {
		n.reset = true
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
			n.value = strings.Join(parts, ", ")
			return nil
		}
	}
}

func (p *parser) reset() (node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &setNode{reset: true, verbose: true, pos: p.tok.pos}
	if ok, err := p.takeWord("all"); ok || err != nil {
		return n, err
	}
	if p.isWord("time") {
		n.name = "timezone"
		return n, p.wantWords("time", "zone")
	}
	if p.isWord("role", "session") {
		return nil, p.unsupported(n.pos, "RESET "+strings.ToUpper(p.tok.text))
	}
	var err error
	n.name, err = p.settingName()
	return n, err
}
