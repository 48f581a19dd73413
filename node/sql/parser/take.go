package parser

import "slices"

func (p *parser) advance() error {
	p.last = p.tok.end
	t, err := p.next()
	p.tok = t
	return err
}

func (p *parser) syntaxError() error {
	if p.tok.kind == tokenEnd {
		return p.fail(p.tok.pos, codeSyntax, "syntax error at end of input")
	}
	return p.fail(p.tok.pos, codeSyntax, "syntax error at or near \"%s\"", p.query[p.tok.pos:p.tok.end])
}

func (p *parser) unsupported(pos int, what string) *Error {
	return errorf(codeNotSupported, "%s is not supported", what).at(p.query, pos)
}

func (p *parser) isOp(op string) bool { return p.tok.kind == tokenOp && p.tok.text == op }

func (p *parser) isWord(words ...string) bool {
	return p.tok.kind == tokenWord && slices.Contains(words, p.tok.text)
}

// takeOp consumes op if it is next.
func (p *parser) takeOp(op string) (bool, error) {
	if !p.isOp(op) {
		return false, nil
	}
	return true, p.advance()
}

// takeWord consumes word if it is next.
func (p *parser) takeWord(word string) (bool, error) {
	if !p.isWord(word) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) wantOp(op string) error {
	if !p.isOp(op) {
		return p.syntaxError()
	}
	return p.advance()
}

func (p *parser) wantWords(words ...string) error {
	for _, w := range words {
		if !p.isWord(w) {
			return p.syntaxError()
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return nil
}

// name consumes an identifier.
func (p *parser) name() (string, error) {
	if p.tok.kind != tokenQuoted && (p.tok.kind != tokenWord || reserved[p.tok.text]) {
		return "", p.syntaxError()
	}
	text := p.tok.text
	return text, p.advance()
}

func (p *parser) follows(op string) bool {
	ahead := p.lexer
	t, err := ahead.next()
	return err == nil && t.kind == tokenOp && t.text == op
}

func (p *parser) followsString() bool {
	ahead := p.lexer
	t, err := ahead.next()
	return err == nil && t.kind == tokenString
}

func (p *parser) followsAssignment() bool {
	ahead := p.lexer
	t, err := ahead.next()
	return err == nil && (t.kind == tokenOp && t.text == "=" || t.kind == tokenWord && t.text == "to")
}
