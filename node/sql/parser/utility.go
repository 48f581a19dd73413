package parser

import "strings"

func (p *parser) discard() (Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.isWord("all", "plans", "sequences", "temp", "temporary") {
		return nil, p.syntaxError()
	}
	n := &Discard{p.tok.text}
	return n, p.advance()
}

func (p *parser) checkpoint() (Node, error) { return &Checkpoint{}, p.advance() }

func (p *parser) create() (Node, error) {
	pos := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.isWord("extension") {
		if p.tok.kind != tokenWord {
			return nil, p.syntaxError()
		}
		return nil, p.unsupported(pos, "CREATE "+strings.ToUpper(p.tok.text)).hint("%s", HintData)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &CreateExtension{}
	if p.isWord("if") {
		if err := p.wantWords("if", "not", "exists"); err != nil {
			return nil, err
		}
		n.IfNotExists = true
	}
	n.Pos = p.tok.pos
	var err error
	if n.Name, err = p.name(); err != nil {
		return nil, err
	}
	return n, p.extensionOptions()
}

// extensionOptions reads the options of CREATE EXTENSION, which change nothing here.
func (p *parser) extensionOptions() error {
	if _, err := p.takeWord("with"); err != nil {
		return err
	}
	for p.isWord("schema", "version", "cascade") {
		bare := p.isWord("cascade")
		if err := p.advance(); err != nil {
			return err
		}
		if bare {
			continue
		}
		if p.tok.kind != tokenWord && p.tok.kind != tokenQuoted && p.tok.kind != tokenString {
			return p.syntaxError()
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return nil
}
