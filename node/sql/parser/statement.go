package parser

import "strings"

func (p *parser) statement() (*Statement, error) {
	start := p.tok.pos
	p.params = 0
	n, err := p.statementNode()
	if err != nil {
		return nil, err
	}
	return &Statement{Text: p.query[start:p.last], Node: n, Query: p.query, Params: p.params}, nil
}

func (p *parser) statementNode() (Node, error) {
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
var statements map[string]func(*parser) (Node, error)

func init() {
	statements = map[string]func(*parser) (Node, error){
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
