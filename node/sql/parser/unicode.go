package parser

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const hintUnicode = `Unicode escapes must be \XXXX or \+XXXXXX.`

// unicode reads U&'…' or U&"…", and the UESCAPE '…' behind it that names another escape character than \.
func (l *lexer) unicode() (token, error) {
	start := l.at
	l.at += 2
	quote := l.query[l.at]
	first := l.at + 1
	text, ok := l.delimited(quote)
	kind, what := tokenString, "string"
	if quote == '"' {
		kind, what = tokenQuoted, "identifier"
	}
	if !ok {
		return token{}, l.fail(start, codeSyntax, "unterminated quoted %s at or near \"%s\"", what, l.query[start:])
	}
	if text == "" && kind == tokenQuoted {
		return token{}, l.fail(start, codeSyntax, "zero-length delimited identifier at or near \"%s\"", l.query[start:l.at])
	}
	escape, err := l.uescape()
	if err != nil {
		return token{}, err
	}
	text, err = l.unescape(text, escape, first)
	return token{kind: kind, text: text}, err
}

// uescape reads UESCAPE 'c' if that comes next.
func (l *lexer) uescape() (byte, error) {
	ahead := *l
	if err := ahead.skipBlank(); err != nil || !isWordStart(ahead.peek(0)) || ahead.word().text != "uescape" {
		return '\\', nil // what cannot be read is the next token's error
	}
	if err := ahead.skipBlank(); err != nil {
		return 0, err
	}
	start := ahead.at
	var t token
	if ahead.atUnicode() { // it would look for an UESCAPE of its own
		ahead.at += 2
		ahead.delimited(l.query[ahead.at])
	} else if start < len(l.query) {
		var err error
		if t, err = ahead.next(); err != nil {
			return 0, err
		}
	}
	if t.kind != tokenString {
		if start == len(l.query) {
			return 0, l.fail(start, codeSyntax, "UESCAPE must be followed by a simple string literal at end of input")
		}
		return 0, l.fail(start, codeSyntax, "UESCAPE must be followed by a simple string literal at or near \"%s\"", l.query[start:max(ahead.at, start+1)])
	}
	if len(t.text) != 1 || isHex(t.text[0]) || strings.Contains("+'\" \t\n\r\f\v", t.text) {
		return 0, l.fail(start, codeSyntax, "invalid Unicode escape character at or near \"%s\"", l.query[start:ahead.at])
	}
	l.at = ahead.at
	return t.text[0], nil
}

// atUnicode reports whether U&'…' or U&"…" comes next.
func (l *lexer) atUnicode() bool {
	c, quote := l.peek(0), l.peek(2)
	return (c == 'u' || c == 'U') && l.peek(1) == '&' && (quote == '\'' || quote == '"')
}

// unescape decodes text, which begins at first in the query.
func (l *lexer) unescape(text string, escape byte, first int) (string, error) {
	if strings.IndexByte(text, escape) < 0 {
		return text, nil
	}
	var b strings.Builder
	var high rune // the first half of a surrogate pair, 0 outside of one
	for i := 0; i < len(text); {
		if text[i] != escape || i+1 < len(text) && text[i+1] == escape {
			if high != 0 {
				return "", l.badPair(first + i)
			}
			b.WriteByte(text[i])
			if text[i] == escape {
				i++
			}
			i++
			continue
		}
		r, n := unicodeEscape(text[i+1:])
		switch {
		case n == 0:
			return "", l.fail(first+i, codeSyntax, "invalid Unicode escape").hint(hintUnicode)
		case r == 0 || r > utf8.MaxRune:
			return "", l.fail(first+i, codeSyntax, "invalid Unicode escape value")
		case high != 0:
			if r = utf16.DecodeRune(high, r); r == utf8.RuneError {
				return "", l.badPair(first + i)
			}
			high = 0
			b.WriteRune(r)
		case r >= 0xD800 && r < 0xDC00:
			high = r
		case utf16.IsSurrogate(r):
			return "", l.badPair(first + i)
		default:
			b.WriteRune(r)
		}
		i += 1 + n
	}
	if high != 0 {
		return "", l.badPair(first + len(text))
	}
	return b.String(), nil
}

func (l *lexer) badPair(pos int) error {
	return l.fail(pos, codeSyntax, "invalid Unicode surrogate pair")
}

// unicodeEscape reads XXXX or +XXXXXX at the beginning of s; n is its length, 0 if there is none.
func unicodeEscape(s string) (r rune, n int) {
	from, to := 0, 4
	if strings.HasPrefix(s, "+") {
		from, to = 1, 7
	}
	if len(s) < to {
		return 0, 0
	}
	for i := from; i < to; i++ {
		if !isHex(s[i]) {
			return 0, 0
		}
		digit := rune(s[i] & 0xF)
		if s[i] > '9' {
			digit += 9
		}
		r = r<<4 | digit
	}
	return r, to
}

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
