package parser

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// escapeString reads E'…' with its backslash escapes.
func (l *lexer) escapeString() (token, error) {
	start := l.at
	l.at++
	var b strings.Builder
	for l.at < len(l.query) {
		c := l.query[l.at]
		l.at++
		switch {
		case c == '\'' && l.peek(0) == '\'':
			b.WriteByte(c)
			l.at++
		case c == '\'':
			if err := CheckEncoding(b.String()); err != nil {
				return token{}, err.(*Error).at(l.query, start)
			}
			return token{kind: tokenString, text: b.String()}, nil
		case c == '\\' && l.at < len(l.query):
			if err := l.escape(&b); err != nil {
				return token{}, err
			}
		default:
			b.WriteByte(c)
		}
	}
	return token{}, l.fail(start, codeSyntax, "unterminated quoted string at or near %q", l.query[start:min(len(l.query), start+20)])
}

// escape decodes what follows a backslash.
func (l *lexer) escape(b *strings.Builder) error {
	c := l.query[l.at]
	start := l.at - 1
	l.at++
	switch c {
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'x':
		if n := l.digits(2, 16); n != "" {
			v, _ := strconv.ParseUint(n, 16, 8)
			b.WriteByte(byte(v))
			return nil
		}
		b.WriteByte(c)
	case 'u', 'U':
		want := 4
		if c == 'U' {
			want = 8
		}
		n := l.digits(want, 16)
		v, _ := strconv.ParseUint(n, 16, 32)
		if len(n) != want || !utf8.ValidRune(rune(v)) {
			return l.fail(start, codeInvalidEscape, "invalid Unicode escape").hint(`Unicode escapes must be \uXXXX or \UXXXXXXXX.`)
		}
		b.WriteRune(rune(v))
	case '0', '1', '2', '3', '4', '5', '6', '7':
		l.at--
		v, _ := strconv.ParseUint(l.digits(3, 8), 8, 16)
		b.WriteByte(byte(v))
	default:
		b.WriteByte(c)
	}
	return nil
}

// digits reads up to limit digits of a base.
func (l *lexer) digits(limit, base int) string {
	start := l.at
	for l.at < len(l.query) && l.at-start < limit {
		if _, err := strconv.ParseUint(l.query[l.at:l.at+1], base, 8); err != nil {
			break
		}
		l.at++
	}
	return l.query[start:l.at]
}
