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

// delimited reads what stands between delimiters, of which the first is next. A string goes on behind a line's end.
func (l *lexer) delimited(quote byte) (string, bool) {
	l.at++
	text, ok := l.upTo(quote)
	if !ok || quote != '\'' || !l.continued() {
		return text, ok
	}
	parts := []string{text}
	for more := true; more; more = l.continued() {
		if text, ok = l.upTo(quote); !ok {
			return "", false
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ""), true
}

// continued reports whether a string that has just ended goes on: blanks with a line's end among them, and a quote,
// which it takes. There may be comments up to the end of a line.
func (l *lexer) continued() bool {
	newline := false
	for i := l.at; i < len(l.query); i++ {
		switch c := l.query[i]; {
		case c == '\n' || c == '\r':
			newline = true
		case c == ' ' || c >= '\t' && c <= '\f':
		case c == '-' && strings.HasPrefix(l.query[i:], "--"):
			n := strings.IndexAny(l.query[i:], "\n\r")
			if n < 0 {
				return false
			}
			i += n - 1
		case c == '\'' && newline:
			l.at = i + 1
			return true
		default:
			return false
		}
	}
	return false
}

// upTo reads up to the closing delimiter; a doubled one stands for itself.
func (l *lexer) upTo(quote byte) (string, bool) {
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
