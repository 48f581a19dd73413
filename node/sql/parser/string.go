package parser

import "strings"

func (l *lexer) plainString() (token, error) {
	start := l.at
	text, ok := l.delimited('\'')
	if !ok {
		return token{}, l.fail(start, codeSyntax, "unterminated quoted string at or near %q", l.query[start:min(len(l.query), start+20)])
	}
	return token{kind: tokenString, text: text}, nil
}

func (l *lexer) quoted() (token, error) {
	start := l.at
	text, ok := l.delimited('"')
	switch {
	case !ok:
		return token{}, l.fail(start, codeSyntax, "unterminated quoted identifier at or near %q", l.query[start:min(len(l.query), start+20)])
	case text == "":
		return token{}, l.fail(start, codeSyntax, `zero-length delimited identifier at or near """"`)
	}
	return token{kind: tokenQuoted, text: text}, nil
}

// delimited reads up to the closing delimiter; a doubled one stands for itself.
func (l *lexer) delimited(quote byte) (string, bool) {
	l.at++
	start, doubled := l.at, false
	for {
		n := strings.IndexByte(l.query[l.at:], quote)
		if n < 0 {
			return "", false
		}
		l.at += n + 1
		if l.peek(0) != quote {
			break
		}
		doubled = true
		l.at++
	}
	text := l.query[start : l.at-1]
	if doubled {
		q := string(quote)
		text = strings.ReplaceAll(text, q+q, q)
	}
	return text, true
}

// dollar reads a parameter ($1) or a dollar-quoted string ($tag$…$tag$).
func (l *lexer) dollar() (token, error) {
	start := l.at
	l.at++
	if isDigit(l.peek(0)) {
		n := l.at
		for l.at < len(l.query) && isDigit(l.query[l.at]) {
			l.at++
		}
		if isWordStart(l.peek(0)) {
			return token{}, l.fail(start, codeSyntax, "trailing junk after parameter at or near %q", l.query[start:l.at+1])
		}
		return token{kind: tokenParam, text: l.query[n:l.at]}, nil
	}
	for l.at < len(l.query) && isWordPart(l.query[l.at]) && l.query[l.at] != '$' {
		l.at++
	}
	if l.peek(0) != '$' {
		return token{}, l.fail(start, codeSyntax, `syntax error at or near "$"`)
	}
	l.at++
	tag := l.query[start:l.at]
	n := strings.Index(l.query[l.at:], tag)
	if n < 0 {
		return token{}, l.fail(start, codeSyntax, "unterminated dollar-quoted string at or near %q", tag)
	}
	text := l.query[l.at : l.at+n]
	l.at += n + len(tag)
	return token{kind: tokenString, text: text}, nil
}
