package sql

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxDepth      = 100   // of nested expressions
	maxStatements = 10000 // in one query string
	maxParam      = 65535
)

// parseAll cuts a query string into its statements and parses each. If any is wrong, none is
// returned, as in PostgreSQL. Statements that are empty are left out.
func parseAll(query string) ([]*Statement, error) {
	if err := checkEncoding(query); err != nil {
		return nil, err
	}
	p := &parser{lexer: lexer{query: query}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	var list []*Statement
	for {
		for p.isOp(";") {
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		if p.tok.kind == tokenEnd {
			return list, nil
		}
		if len(list) == maxStatements {
			return nil, perrorf(pcodeProgramLimit, "more than %d statements in one query", maxStatements)
		}
		s, err := p.statement()
		if err != nil {
			return nil, err
		}
		if p.tok.kind != tokenEnd && !p.isOp(";") {
			return nil, p.syntaxError()
		}
		list = append(list, s)
	}
}

// parseOne parses a string of at most one statement, as the extended protocol demands.
func parseOne(query string) (*Statement, error) {
	list, err := parseAll(query)
	switch {
	case err != nil:
		return nil, err
	case len(list) > 1:
		return nil, perrorf(pcodeSyntax, "cannot insert multiple commands into a prepared statement")
	case len(list) == 0:
		return &Statement{}, nil
	}
	return list[0], nil
}

// checkEncoding refuses what is not UTF-8, and NUL.
func checkEncoding(s string) error {
	if !utf8.ValidString(s) {
		for i, r := range s {
			if r == utf8.RuneError {
				if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
					return perrorf(pcodeBadEncoding, `invalid byte sequence for encoding "UTF8": 0x%02x`, s[i])
				}
			}
		}
	}
	if strings.IndexByte(s, 0) >= 0 {
		return perrorf(pcodeBadEncoding, `invalid byte sequence for encoding "UTF8": 0x00`)
	}
	return nil
}

// A parser is one step ahead of the lexer.
type parser struct {
	lexer
	tok    token
	last   int // end of the token before tok
	depth  int
	params int
}

func (p *parser) advance() error {
	p.last = p.tok.end
	t, err := p.next()
	p.tok = t
	return err
}

func (p *parser) syntaxError() error {
	if p.tok.kind == tokenEnd {
		return p.fail(p.tok.pos, pcodeSyntax, "syntax error at end of input")
	}
	return p.fail(p.tok.pos, pcodeSyntax, "syntax error at or near \"%s\"", p.query[p.tok.pos:p.tok.end])
}

func (p *parser) unsupported(pos int, what string) *ParseError {
	return perrorf(pcodeNotSupported, "%s is not supported", what).at(p.query, pos)
}

func (p *parser) isOp(op string) bool { return p.tok.kind == tokenOp && p.tok.text == op }

func (p *parser) isWord(words ...string) bool {
	return p.tok.kind == tokenWord && slices.Contains(words, p.tok.text)
}

// takeOp consumes op if it is next.
func (p *parser) takeOp(op string) (bool, error) {
	if !p.isOp(op) {
		return false, nil
	}
	return true, p.advance()
}

// takeWord consumes word if it is next.
func (p *parser) takeWord(word string) (bool, error) {
	if !p.isWord(word) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) wantOp(op string) error {
	if !p.isOp(op) {
		return p.syntaxError()
	}
	return p.advance()
}

func (p *parser) wantWords(words ...string) error {
	for _, w := range words {
		if !p.isWord(w) {
			return p.syntaxError()
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return nil
}

// name consumes an identifier.
func (p *parser) name() (string, error) {
	if p.tok.kind != tokenQuoted && (p.tok.kind != tokenWord || reserved[p.tok.text]) {
		return "", p.syntaxError()
	}
	text := p.tok.text
	return text, p.advance()
}

// enter counts a level of nesting, so that no query can exhaust the stack.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.tok.pos, pcodeTooComplex, "stack depth limit exceeded: more than %d nested expressions", maxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

func (p *parser) statement() (*Statement, error) {
	start := p.tok.pos
	p.params = 0
	n, err := p.statementNode()
	if err != nil {
		return nil, err
	}
	return &Statement{Text: p.query[start:p.last], node: n, query: p.query, params: p.params}, nil
}

func (p *parser) statementNode() (node, error) {
	if p.tok.kind != tokenWord {
		return nil, p.syntaxError()
	}
	if parse := statements[p.tok.text]; parse != nil {
		return parse(p)
	}
	if hint, known := absent[p.tok.text]; known {
		return nil, p.unsupported(p.tok.pos, strings.ToUpper(p.tok.text)).hint("%s", hint)
	}
	return nil, p.syntaxError()
}

// statements maps a statement's first word to its parser.
var statements map[string]func(*parser) (node, error)

func init() {
	statements = map[string]func(*parser) (node, error){
		"select":     (*parser).selectStatement,
		"show":       (*parser).show,
		"set":        (*parser).set,
		"reset":      (*parser).reset,
		"begin":      (*parser).begin,
		"start":      (*parser).begin,
		"commit":     (*parser).commit,
		"end":        (*parser).commit,
		"rollback":   (*parser).rollback,
		"abort":      (*parser).rollback,
		"prepare":    (*parser).prepare,
		"execute":    (*parser).execute,
		"deallocate": (*parser).deallocate,
		"discard":    (*parser).discard,
		"checkpoint": (*parser).checkpoint,
		"create":     (*parser).create,
	}
}

const (
	hintData  = "There are no tables here: data is read and written by the functions of the loaded modules, as in SELECT kv_put('a','1')."
	hintNone  = "There are SELECT of functions and views, SHOW, SET, RESET, BEGIN, COMMIT, ROLLBACK, PREPARE, EXECUTE, DEALLOCATE, DISCARD, CHECKPOINT and CREATE EXTENSION."
	hintFetch = "Use the extended query protocol with a row limit to read a result in parts."
)

// absent are statements that PostgreSQL has and a node has not, with what to do instead.
var absent = map[string]string{
	"insert": hintData, "update": hintData, "delete": hintData, "merge": hintData, "truncate": hintData,
	"copy": hintData, "alter": hintData, "drop": hintData, "vacuum": hintData, "analyze": hintData,
	"values": hintData, "table": hintData, "with": hintData, "lock": hintData, "cluster": hintData,
	"reindex": hintData, "refresh": hintData, "import": hintData,
	"declare": hintFetch, "fetch": hintFetch, "move": hintFetch, "close": hintFetch,
	"explain": hintNone, "grant": hintNone, "revoke": hintNone, "comment": hintNone, "security": hintNone,
	"listen": hintNone, "notify": hintNone, "unlisten": hintNone, "load": hintNone, "do": hintNone,
	"call": hintNone, "reassign": hintNone,
	"savepoint": "One call is one atomic action; transaction blocks have no parts.",
	"release":   "One call is one atomic action; transaction blocks have no parts.",
}

// reserved are the words that cannot name a column, function or view without quotes.
var reserved = wordSet(`all and any array as asc between case cast check collate column constraint create cross
	current_catalog current_date current_role current_time current_timestamp current_user default desc distinct do
	else end except false fetch for foreign from full grant group having in inner intersect into is join leading
	left like limit localtime localtimestamp natural not null offset on only or order outer primary references
	returning right select session_user some table then to true union unique user using when where window with`)

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// QuoteIdent is a name as a query has to write it.
func QuoteIdent(name string) string {
	bare := name != "" && !reserved[name] && !isDigit(name[0]) && name[0] != '$'
	for i := range len(name) {
		c := name[i]
		bare = bare && (c >= 'a' && c <= 'z' || c == '_' || isDigit(c))
	}
	if bare {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
