package parser

func (l *lexer) number() (token, error) {
	start := l.at
	skip := func() {
		for isDigit(l.peek(0)) {
			l.at++
		}
	}
	skip()
	if l.peek(0) == '.' {
		l.at++
		skip()
	}
	if c := l.peek(0); c == 'e' || c == 'E' {
		sign := 1
		if l.peek(1) == '+' || l.peek(1) == '-' {
			sign = 2
		}
		if isDigit(l.peek(sign)) {
			l.at += sign
			skip()
		}
	}
	if isWordStart(l.peek(0)) {
		return token{}, l.fail(start, codeSyntax, "trailing junk after numeric literal at or near %q", l.query[start:l.at+1])
	}
	return token{kind: tokenNumber, text: l.query[start:l.at]}, nil
}
