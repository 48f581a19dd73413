package parser

import (
	"strings"
	"unicode/utf8"
)

// Parse cuts a query string into its statements and parses each. If any is wrong, none is
// returned, as in PostgreSQL. Statements that are empty are left out.
func Parse(query string) ([]*Statement, error) {
	if err := CheckEncoding(query); err != nil {
		return nil, err
	}
	p := &parser{lexer: lexer{query: query}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	var list []*Statement
	for {
		for p.isOp(";") {
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		if p.tok.kind == tokenEnd {
			return list, nil
		}
		if len(list) == maxStatements {
			return nil, errorf(codeProgramLimit, "more than %d statements in one query", maxStatements)
		}
		s, err := p.statement()
		if err != nil {
			return nil, err
		}
		if p.tok.kind != tokenEnd && !p.isOp(";") {
			return nil, p.syntaxError()
		}
		list = append(list, s)
	}
}

// ParseOne parses a string of at most one statement, as the extended protocol demands.
func ParseOne(query string) (*Statement, error) {
	list, err := Parse(query)
	switch {
	case err != nil:
		return nil, err
	case len(list) > 1:
		return nil, errorf(codeSyntax, "cannot insert multiple commands into a prepared statement")
	case len(list) == 0:
		return &Statement{}, nil
	}
	return list[0], nil
}

// A parser is one step ahead of the lexer.
type parser struct {
	lexer
	tok    token
	last   int // end of the token before tok
	depth  int
	params int
}

const (
	maxDepth      = 100   // of nested expressions
	maxStatements = 10000 // in one query string
	maxParam      = 65535
)

// enter counts a level of nesting, so that no query can exhaust the stack.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.tok.pos, codeTooComplex, "stack depth limit exceeded: more than %d nested expressions", maxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// CheckEncoding refuses what is not UTF-8, and NUL.
func CheckEncoding(s string) error {
	if !utf8.ValidString(s) {
		for i, r := range s {
			if r == utf8.RuneError {
				if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
					return errorf(codeBadEncoding, `invalid byte sequence for encoding "UTF8": 0x%02x`, s[i])
				}
			}
		}
	}
	if strings.IndexByte(s, 0) >= 0 {
		return errorf(codeBadEncoding, `invalid byte sequence for encoding "UTF8": 0x00`)
	}
	return nil
}
