package sql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

func (l *lexer) plainString() (token, error) {
	start := l.at
	text, ok := l.delimited('\'')
	if !ok {
		return token{}, l.fail(start, pcodeSyntax, "unterminated quoted string at or near %q", l.query[start:min(len(l.query), start+20)])
	}
	return token{kind: tokenString, text: text}, nil
}

func (l *lexer) quoted() (token, error) {
	start := l.at
	text, ok := l.delimited('"')
	switch {
	case !ok:
		return token{}, l.fail(start, pcodeSyntax, "unterminated quoted identifier at or near %q", l.query[start:min(len(l.query), start+20)])
	case text == "":
		return token{}, l.fail(start, pcodeSyntax, `zero-length delimited identifier at or near """"`)
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
			if err := checkEncoding(b.String()); err != nil {
				return token{}, err.(*ParseError).at(l.query, start)
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
	return token{}, l.fail(start, pcodeSyntax, "unterminated quoted string at or near %q", l.query[start:min(len(l.query), start+20)])
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
			return l.fail(start, pcodeInvalidEscape, "invalid Unicode escape").hint(`Unicode escapes must be \uXXXX or \UXXXXXXXX.`)
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
			return token{}, l.fail(start, pcodeSyntax, "trailing junk after parameter at or near %q", l.query[start:l.at+1])
		}
		return token{kind: tokenParam, text: l.query[n:l.at]}, nil
	}
	for l.at < len(l.query) && isWordPart(l.query[l.at]) && l.query[l.at] != '$' {
		l.at++
	}
	if l.peek(0) != '$' {
		return token{}, l.fail(start, pcodeSyntax, `syntax error at or near "$"`)
	}
	l.at++
	tag := l.query[start:l.at]
	n := strings.Index(l.query[l.at:], tag)
	if n < 0 {
		return token{}, l.fail(start, pcodeSyntax, "unterminated dollar-quoted string at or near %q", tag)
	}
	text := l.query[l.at : l.at+n]
	l.at += n + len(tag)
	return token{kind: tokenString, text: text}, nil
}
