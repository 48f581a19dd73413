package parser

import "strings"

// A lexer cuts a query into tokens.
type lexer struct {
	query string
	at    int
}

func (l *lexer) next() (token, error) {
	if err := l.skipBlank(); err != nil {
		return token{}, err
	}
	start := l.at
	if start == len(l.query) {
		return token{kind: tokenEnd, pos: start, end: start}, nil
	}
	t, err := l.scan()
	t.pos, t.end = start, l.at
	return t, err
}

func (l *lexer) scan() (token, error) {
	c := l.query[l.at]
	switch {
	case (c == 'e' || c == 'E') && l.peek(1) == '\'':
		l.at++
		return l.escapeString()
	case (c == 'b' || c == 'B' || c == 'x' || c == 'X' || c == 'n' || c == 'N') && l.peek(1) == '\'':
		return token{}, l.fail(l.at, codeNotSupported, "string constants that begin with %c' are not supported", c)
	case l.atUnicode():
		return l.unicode()
	case isWordStart(c):
		return l.word(), nil
	case c == '\'':
		return l.plainString()
	case c == '"':
		return l.quoted()
	case c == '$':
		return l.dollar()
	case isDigit(c) || c == '.' && isDigit(l.peek(1)):
		return l.number()
	default:
		return l.operator()
	}
}

func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.query) {
		return l.query[l.at+n]
	}
	return 0
}

func (l *lexer) fail(pos int, code, format string, args ...any) *Error {
	return errorf(code, format, args...).at(l.query, pos)
}

func (l *lexer) word() token {
	start := l.at
	for l.at < len(l.query) && isWordPart(l.query[l.at]) {
		l.at++
	}
	return token{kind: tokenWord, text: strings.ToLower(l.query[start:l.at])}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isWordPart(c byte) bool { return isWordStart(c) || isDigit(c) || c == '$' }

// skipBlank skips white space and both kinds of comment; block comments nest.
func (l *lexer) skipBlank() error {
	for l.at < len(l.query) {
		switch c := l.query[l.at]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			l.at++
		case c == '-' && l.peek(1) == '-':
			if n := strings.IndexByte(l.query[l.at:], '\n'); n >= 0 {
				l.at += n
			} else {
				l.at = len(l.query)
			}
		case c == '/' && l.peek(1) == '*':
			if err := l.skipComment(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

func (l *lexer) skipComment() error {
	start, depth := l.at, 0
	for l.at < len(l.query) {
		switch {
		case l.query[l.at] == '/' && l.peek(1) == '*':
			depth++
			l.at += 2
		case l.query[l.at] == '*' && l.peek(1) == '/':
			depth--
			l.at += 2
			if depth == 0 {
				return nil
			}
		default:
			l.at++
		}
	}
	return l.fail(start, codeSyntax, "unterminated /* comment at or near %q", l.query[start:min(len(l.query), start+20)])
}
