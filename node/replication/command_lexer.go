package replication

import "strings"

type tokenKind int

const (
	tokEnd tokenKind = iota
	tokWord
	tokQuoted // "identifier"
	tokString // 'string'
	tokNumber
	tokLSN
	tokPunct
)

type token struct {
	kind tokenKind
	text string // without quotes
}

// keywords cannot be bare names, except as names of options. They are upper case only: lower-case
// words are names (repl_scanner.l).
var keywords = map[string]bool{
	"BASE_BACKUP": true, "IDENTIFY_SYSTEM": true, "READ_REPLICATION_SLOT": true, "SHOW": true,
	"TIMELINE": true, "START_REPLICATION": true, "CREATE_REPLICATION_SLOT": true,
	"DROP_REPLICATION_SLOT": true, "TIMELINE_HISTORY": true, "PHYSICAL": true, "RESERVE_WAL": true,
	"LOGICAL": true, "SLOT": true, "TEMPORARY": true, "TWO_PHASE": true, "EXPORT_SNAPSHOT": true,
	"NOEXPORT_SNAPSHOT": true, "USE_SNAPSHOT": true, "WAIT": true,
}

type lexer struct{ rest string }

func (l *lexer) next() (token, error) {
	l.rest = strings.TrimLeft(l.rest, " \t\r\n\f\v")
	if l.rest == "" {
		return token{}, nil
	}
	switch c := l.rest[0]; {
	case c == '\'' || c == '"':
		text, rest, ok := quoted(l.rest, c)
		if !ok {
			return token{}, syntaxError("unterminated quoted string")
		}
		l.rest = rest
		if c == '\'' {
			return token{tokString, text}, nil
		}
		if text == "" {
			return token{}, syntaxError(`zero-length delimited identifier at or near """"`)
		}
		return token{tokQuoted, text}, nil
	case lsnLength(l.rest) > 0:
		return l.take(tokLSN, lsnLength(l.rest)), nil
	case letter(c):
		return l.take(tokWord, prefix(l.rest, func(c byte) bool { return letter(c) || digit(c) || c == '$' })), nil
	case digit(c):
		return l.take(tokNumber, prefix(l.rest, digit)), nil
	default:
		l.rest = l.rest[1:]
		return token{tokPunct, string(rune(c))}, nil
	}
}

// take takes the next n bytes.
func (l *lexer) take(kind tokenKind, n int) token {
	t := token{kind, l.rest[:n]}
	l.rest = l.rest[n:]
	return t
}

// lsnLength is the length of the LSN that s begins with, 0 if it does not.
func lsnLength(s string) int {
	hi := prefix(s, hex)
	if hi == 0 || hi == len(s) || s[hi] != '/' {
		return 0
	}
	lo := prefix(s[hi+1:], hex)
	if lo == 0 {
		return 0
	}
	return hi + 1 + lo
}

// prefix is how many bytes at the start of s are in the set.
func prefix(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
func letter(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}
func hex(c byte) bool { return digit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }
