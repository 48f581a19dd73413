package parser

import (
	"strconv"
	"strings"
	"unicode/utf16"
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
			if l.continued() {
				continue
			}
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
		r, err := l.codePoint(start)
		if err != nil {
			return err
		}
		b.WriteRune(r)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		l.at--
		v, _ := strconv.ParseUint(l.digits(3, 8), 8, 16)
		b.WriteByte(byte(v))
	default:
		b.WriteByte(c)
	}
	return nil
}

// codePoint reads what follows \u or \U, which begins at start: a character, also as two escapes of a surrogate pair.
func (l *lexer) codePoint(start int) (rune, error) {
	high, err := l.codeUnit(start)
	if err != nil || !utf16.IsSurrogate(high) {
		return high, err
	}
	second := l.at
	switch {
	case high >= 0xDC00:
		return 0, l.badPairNear(start)
	case l.peek(0) != '\\' || l.peek(1) != 'u' && l.peek(1) != 'U':
		l.at = min(l.at+1, len(l.query))
		return 0, l.badPairNear(second)
	}
	l.at += 2
	low, err := l.codeUnit(second)
	if err != nil {
		return 0, err
	}
	r := utf16.DecodeRune(high, low)
	if r == utf8.RuneError {
		return 0, l.badPairNear(second)
	}
	return r, nil
}

func (l *lexer) badPairNear(start int) error {
	return l.fail(start, codeSyntax, "invalid Unicode surrogate pair at or near \"%s\"", l.query[start:l.at])
}

// codeUnit reads the digits of \uXXXX or \UXXXXXXXX, which begins at start.
func (l *lexer) codeUnit(start int) (rune, error) {
	want := 4
	if l.query[start+1] == 'U' {
		want = 8
	}
	n := l.digits(want, 16)
	if len(n) != want {
		return 0, l.fail(start, codeInvalidEscape, "invalid Unicode escape").hint(`Unicode escapes must be \uXXXX or \UXXXXXXXX.`)
	}
	v, _ := strconv.ParseUint(n, 16, 32)
	if v == 0 || v > utf8.MaxRune {
		return 0, l.fail(start, codeSyntax, "invalid Unicode escape value at or near \"%s\"", l.query[start:l.at])
	}
	return rune(v), nil
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
