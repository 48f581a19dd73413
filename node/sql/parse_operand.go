package sql

import (
	"strconv"
	"strings"
)

// list parses expressions up to the closing parenthesis; there is at least one.
func (p *parser) list() ([]expr, error) {
	var list []expr
	for {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		list = append(list, x)
		if ok, err := p.takeOp(","); err != nil {
			return nil, err
		} else if !ok {
			return list, p.wantOp(")")
		}
	}
}

// operand parses what stands between operators.
func (p *parser) operand() (expr, error) {
	t := p.tok
	switch t.kind {
	case tokenString:
		return &literal{t.pos, stringLiteral, t.text}, p.advance()
	case tokenNumber:
		kind := intLiteral
		if strings.ContainsAny(t.text, ".eE") {
			kind = floatLiteral
		}
		return &literal{t.pos, kind, t.text}, p.advance()
	case tokenParam:
		return p.parameter()
	case tokenOp:
		return p.prefixed()
	case tokenWord, tokenQuoted:
		return p.named()
	}
	return nil, p.syntaxError()
}

func (p *parser) parameter() (expr, error) {
	n, err := strconv.Atoi(p.tok.text)
	if err != nil || n < 1 || n > maxParam {
		return nil, p.fail(p.tok.pos, pcodeUndefinedParameter, "there is no parameter $%s", p.tok.text)
	}
	p.params = max(p.params, n)
	return &param{p.tok.pos, n}, p.advance()
}

// prefixed parses a sign or a parenthesis.
func (p *parser) prefixed() (expr, error) {
	pos, op := p.tok.pos, p.tok.text
	switch op {
	case "-", "+":
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.signed(pos, op)
	case "(":
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.isWord("select") {
			return p.subquery(pos, false)
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		if p.isOp(",") {
			return nil, p.unsupported(pos, "a row constructor")
		}
		return x, p.wantOp(")")
	}
	return nil, p.syntaxError()
}

// signed parses what follows a sign. A negative number is a literal, so that -9223372036854775808
// is one; but :: binds stronger than the sign.
func (p *parser) signed(pos int, sign string) (expr, error) {
	if p.tok.kind != tokenNumber {
		x, err := p.bound(bindUnary)
		return &unary{pos, sign, x}, err
	}
	x, err := p.operand()
	if err != nil {
		return nil, err
	}
	if !p.isOp("::") {
		if n := x.(*literal); sign == "-" {
			n.text = "-" + n.text
		}
		return x, nil
	}
	x, err = p.climb(x, bindUnary)
	return &unary{pos, sign, x}, err
}

// keyword parses an expression that a key word begins; ok is false if the word is none of these.
func (p *parser) keyword() (x expr, ok bool, err error) {
	pos, word := p.tok.pos, p.tok.text
	switch word {
	case "true", "false":
		return &literal{pos, boolLiteral, word}, true, p.advance()
	case "null":
		return &literal{pos, nullLiteral, ""}, true, p.advance()
	case "not":
		if err := p.advance(); err != nil {
			return nil, true, err
		}
		x, err := p.bound(bindNot)
		return &unary{pos, "not", x}, true, err
	case "cast":
		x, err := p.castCall(pos)
		return x, true, err
	case "current_user", "session_user", "user", "current_catalog", "current_role", "current_timestamp", "current_schema":
		if err := p.advance(); err != nil {
			return nil, true, err
		}
		if p.isOp("(") && word == "current_schema" {
			if err := p.advance(); err != nil {
				return nil, true, err
			}
			if err := p.wantOp(")"); err != nil {
				return nil, true, err
			}
		}
		return &call{pos: pos, name: bareCalls[word]}, true, nil
	case "case":
		x, err := p.caseExpression(pos)
		return x, true, err
	case "array":
		if p.follows("(") {
			if err := p.wantWords("array"); err != nil {
				return nil, true, err
			}
			if err := p.wantOp("("); err != nil {
				return nil, true, err
			}
			if !p.isWord("select") {
				return nil, true, p.syntaxError()
			}
			x, err := p.subquery(pos, true)
			return x, true, err
		}
		return nil, true, p.unsupported(pos, "ARRAY")
	case "exists", "row", "interval", "extract":
		if p.follows("(") || word == "interval" && p.followsString() {
			return nil, true, p.unsupported(pos, strings.ToUpper(word))
		}
	}
	return nil, false, nil
}

// bareCalls are the functions that SQL calls without parentheses.
var bareCalls = map[string]string{
	"current_user": "current_user", "session_user": "session_user", "user": "current_user", "current_role": "current_user",
	"current_catalog": "current_database", "current_timestamp": "now", "current_schema": "current_schema",
}

func (p *parser) follows(op string) bool {
	ahead := p.lexer
	t, err := ahead.next()
	return err == nil && t.kind == tokenOp && t.text == op
}

func (p *parser) followsString() bool {
	ahead := p.lexer
	t, err := ahead.next()
	return err == nil && t.kind == tokenString
}

// typeName reads a type's name; a length in parentheses or [] is refused.
func (p *parser) typeName() (typeName, error) {
	pos := p.tok.pos
	name, err := p.qualifiedName()
	if err != nil {
		return typeName{}, err
	}
	switch name {
	case "double":
		name = "double precision"
		err = p.wantWords("precision")
	case "character":
		if p.isWord("varying") {
			name = "character varying"
			err = p.advance()
		}
	case "timestamp":
		if p.isWord("with") {
			name = "timestamp with time zone"
			err = p.wantWords("with", "time", "zone")
		}
	}
	if err != nil {
		return typeName{}, err
	}
	if p.isOp("[") || p.isOp("(") {
		return typeName{}, p.unsupported(pos, "a type with [] or a length")
	}
	return typeName{pos, name}, nil
}
