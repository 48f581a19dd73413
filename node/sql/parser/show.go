package parser

import "strings"

func (p *parser) show() (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	pos := p.tok.pos
	if ok, err := p.takeWord("all"); ok || err != nil {
		return &Show{}, err
	}
	if p.isWord("time") {
		return &Show{"timezone", pos}, p.wantWords("time", "zone")
	}
	if p.isWord("transaction") {
		return &Show{"transaction_isolation", pos}, p.wantWords("transaction", "isolation", "level")
	}
	name, err := p.settingName()
	return &Show{name, pos}, err
}

func (p *parser) reset() (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &Set{Reset: true, Verbose: true, Pos: p.tok.pos}
	if ok, err := p.takeWord("all"); ok || err != nil {
		return n, err
	}
	if p.isWord("time") {
		n.Name = "timezone"
		return n, p.wantWords("time", "zone")
	}
	if p.isWord("role", "session") {
		return nil, p.unsupported(n.Pos, "RESET "+strings.ToUpper(p.tok.text))
	}
	var err error
	n.Name, err = p.settingName()
	return n, err
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
