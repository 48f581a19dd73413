package parser

import (
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenEnd    tokenKind = iota
	tokenWord             // a bare identifier or key word, in lower case
	tokenQuoted           // a "quoted" identifier
	tokenString           // a string literal, decoded
	tokenNumber
	tokenParam // $1
	tokenOp    // operators and punctuation
)

type token struct {
	kind tokenKind
	text string
	pos  int // byte offset of its first byte
	end  int // byte offset behind it
}

// longOps are the operators of several bytes, the longest first.
var longOps = []string{"!~*", "!~~", "~~*", "::", "||", "<>", "!=", "<=", ">=", ":=", "=>", "!~", "~*", "~~"}

func (l *lexer) operator() (token, error) {
	for _, op := range longOps {
		if strings.HasPrefix(l.query[l.at:], op) {
			l.at += len(op)
			return token{kind: tokenOp, text: op}, nil
		}
	}
	c := l.query[l.at]
	if strings.IndexByte("()[],;.+-*/%^<>=:~!@#&|?`", c) < 0 {
		_, size := utf8.DecodeRuneInString(l.query[l.at:])
		return token{}, l.fail(l.at, codeSyntax, "syntax error at or near \"%s\"", l.query[l.at:l.at+size])
	}
	l.at++
	return token{kind: tokenOp, text: l.query[l.at-1 : l.at]}, nil
}
