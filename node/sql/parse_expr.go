package sql

import (
	"strings"
)

// Binding strengths of binary operators, as in PostgreSQL's grammar.
const (
	bindOr = iota + 1
	bindAnd
	bindNot
	bindIs
	bindCompare
	bindMatch // IN, LIKE, BETWEEN
	bindOther // ||
	bindAdd
	bindMultiply
	bindUnary
	bindCollate
	bindCast
)

var operators = map[string]int{
	"=": bindCompare, "<>": bindCompare, "!=": bindCompare, "<": bindCompare, "<=": bindCompare, ">": bindCompare, ">=": bindCompare,
	"||": bindOther, "~": bindOther, "!~": bindOther, "~*": bindOther, "!~*": bindOther, "+": bindAdd, "-": bindAdd, "*": bindMultiply, "/": bindMultiply, "%": bindMultiply, "::": bindCast,
}

func (p *parser) expression() (expr, error) { return p.bound(0) }

// bound parses an expression whose operators bind stronger than floor.
func (p *parser) bound(floor int) (expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	x, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.climb(x, floor)
}

// climb takes x as the left side of the operators that bind stronger than floor.
func (p *parser) climb(x expr, floor int) (expr, error) {
	for steps := 0; ; steps++ {
		if p.isOp("[") {
			return nil, p.unsupported(p.tok.pos, "a subscript")
		}
		strength := p.strength()
		if strength <= floor {
			return x, nil
		}
		if steps == maxDepth*10 {
			return nil, p.fail(p.tok.pos, pcodeTooComplex, "stack depth limit exceeded: more than %d operators in a row", steps)
		}
		var err error
		if x, err = p.operation(x, strength); err != nil {
			return nil, err
		}
	}
}

// strength is that of the operator which comes next, 0 if none does.
func (p *parser) strength() int {
	switch p.tok.kind {
	case tokenOp:
		return operators[p.tok.text]
	case tokenWord:
		switch p.tok.text {
		case "or":
			return bindOr
		case "and":
			return bindAnd
		case "is", "isnull", "notnull":
			return bindIs
		case "in", "like", "between", "ilike", "similar", "not":
			return bindMatch
		case "operator":
			if p.follows("(") {
				return bindOther
			}
		case "collate":
			return bindCollate
		}
	}
	return 0
}

// operation parses the operator that comes next, with x at its left.
func (p *parser) operation(x expr, strength int) (expr, error) {
	pos, op := p.tok.pos, p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch op {
	case "::":
		typ, err := p.typeName()
		return &cast{pos, x, typ}, err
	case "is":
		return p.is(x, pos)
	case "isnull", "notnull":
		return &isNull{pos, x, op == "notnull"}, nil
	case "not":
		op = p.tok.text
		if !p.isWord("in", "between", "like", "ilike", "similar") {
			return nil, p.syntaxError()
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.match(x, pos, op, true)
	case "in", "between", "like", "ilike", "similar":
		return p.match(x, pos, op, false)
	case "collate":
		return x, p.collation()
	case "operator":
		var err error
		if op, strength, err = p.qualifiedOperator(); err != nil {
			return nil, err
		}
	}
	if op == "!=" {
		op = "<>"
	}
	if p.isWord("any", "all", "some") {
		return nil, p.unsupported(p.tok.pos, strings.ToUpper(p.tok.text)+" (…)")
	}
	r, err := p.bound(strength)
	return &infix{pos, op, x, r}, err
}

func (p *parser) is(x expr, pos int) (expr, error) {
	not, err := p.takeWord("not")
	if err != nil {
		return nil, err
	}
	switch {
	case p.isWord("null", "unknown"):
		return &isNull{pos, x, not}, p.advance()
	case p.isWord("true", "false"):
		return &isTruth{pos, x, p.tok.text == "true", not}, p.advance()
	case p.isWord("distinct"):
		return nil, p.unsupported(p.tok.pos, "IS DISTINCT FROM")
	}
	return nil, p.syntaxError()
}

// match parses what follows IN, BETWEEN and LIKE.
func (p *parser) match(x expr, pos int, op string, not bool) (expr, error) {
	switch op {
	case "in":
		if err := p.wantOp("("); err != nil {
			return nil, err
		}
		if p.isWord("select") {
			return nil, p.unsupported(p.tok.pos, "a subquery")
		}
		list, err := p.list()
		return &inList{pos, x, list, not}, err
	case "between":
		low, err := p.bound(bindMatch)
		if err != nil {
			return nil, err
		}
		if err := p.wantWords("and"); err != nil {
			return nil, err
		}
		high, err := p.bound(bindMatch)
		if err != nil {
			return nil, err
		}
		return &between{pos, x, low, high, not}, nil
	case "like":
		r, err := p.bound(bindMatch)
		if err != nil {
			return nil, err
		}
		var e expr = &infix{pos, "like", x, r}
		if not {
			e = &unary{pos, "not", e}
		}
		return e, nil
	}
	return nil, p.unsupported(pos, strings.ToUpper(op))
}
