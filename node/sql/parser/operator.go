package parser

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

// qualifiedOperator reads the rest of OPERATOR(pg_catalog.~).
func (p *parser) qualifiedOperator() (op string, strength int, err error) {
	if err := p.wantOp("("); err != nil {
		return "", 0, err
	}
	if p.tok.kind == tokenWord || p.tok.kind == tokenQuoted {
		pos := p.tok.pos
		schema, err := p.name()
		if err != nil {
			return "", 0, err
		}
		if err := p.checkSchema(schema, pos); err != nil {
			return "", 0, err
		}
		if err := p.wantOp("."); err != nil {
			return "", 0, err
		}
	}
	op = p.tok.text
	if strength = operators[op]; p.tok.kind != tokenOp || strength == 0 || op == "::" {
		return "", 0, p.syntaxError()
	}
	if err := p.advance(); err != nil {
		return "", 0, err
	}
	return op, bindOther, p.wantOp(")")
}

// collation reads what follows COLLATE. Text has one order here, that of its bytes.
func (p *parser) collation() error {
	pos := p.tok.pos
	name := p.tok.text
	if p.tok.kind != tokenWord && p.tok.kind != tokenQuoted {
		return p.syntaxError()
	}
	if err := p.advance(); err != nil {
		return err
	}
	if ok, err := p.takeOp("."); err != nil {
		return err
	} else if ok {
		if err := p.checkSchema(name, pos); err != nil {
			return err
		}
		if p.tok.kind != tokenWord && p.tok.kind != tokenQuoted {
			return p.syntaxError() // behind the point a reserved word is a name: default
		}
		name = p.tok.text
		if err := p.advance(); err != nil {
			return err
		}
	}
	switch name {
	case "default", "C", "POSIX", "ucs_basic":
		return nil
	}
	return p.fail(pos, codeUndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", name)
}
