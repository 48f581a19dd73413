package datum

import (
	"math"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// IsArray reports whether t is an array type whose values can be read and made: one that ArrayOf gives.
func IsArray(t rmgr.Type) bool { return t != OidVector && elements[t] != 0 || t == TextArray }

// ElementOf is the type of an array's elements.
func ElementOf(array rmgr.Type) rmgr.Type { return elements[array] }

// ParseArray reads an array of one dimension as a query writes it, { 1 , NULL,"3"}, and gives it as AppendText would
// show it. An error is 22P02 with PostgreSQL's reasons, or that of an element.
func ParseArray(array rmgr.Type, s string) (any, error) {
	p := arrayParser{text: s}
	list, err := p.parse()
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if e == nil {
			continue
		}
		if *e, err = spelled(elements[array], *e); err != nil {
			return nil, err
		}
	}
	return ArrayText(list), nil
}

// spelled is the usual text of an element.
func spelled(t rmgr.Type, s string) (string, error) {
	v, err := ParseText(Plain(t), s)
	if err != nil {
		return "", err
	}
	if n, ok := v.(int64); ok && t == Oid {
		if n < math.MinInt32 || n > math.MaxUint32 {
			return "", errorf(codeOutOfRange, "value \"%s\" is out of range for type oid", s)
		}
		v = int64(uint32(n))
	}
	b, err := AppendText(nil, Plain(t), v)
	return string(b), err
}

// An arrayParser reads the text of an array.
type arrayParser struct {
	text string
	at   int
}

func (p *arrayParser) fail(detail string) error {
	err := errorf(codeInvalidText, "malformed array literal: \"%s\"", p.text)
	err.Detail = detail
	return err
}

func (p *arrayParser) blanks() {
	for p.at < len(p.text) && isBlank(p.text[p.at]) {
		p.at++
	}
}

func (p *arrayParser) parse() (list []*string, err error) {
	p.blanks()
	switch {
	case strings.HasPrefix(p.text[p.at:], "["):
		return nil, errorf(codeNotSupported, "an array with bounds is not supported")
	case !strings.HasPrefix(p.text[p.at:], "{"):
		return nil, p.fail(`Array value must start with "{" or dimension information.`)
	}
	p.at++
	if p.blanks(); strings.HasPrefix(p.text[p.at:], "}") {
		p.at++
		return nil, p.end()
	}
	for {
		e, err := p.element()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		p.at++
		if p.text[p.at-1] == '}' {
			return list, p.end()
		}
	}
}

func (p *arrayParser) end() error {
	if p.blanks(); p.at < len(p.text) {
		return p.fail("Junk after closing right brace.")
	}
	return nil
}

// element reads one element up to the comma or brace behind it; nil is NULL.
func (p *arrayParser) element() (*string, error) {
	p.blanks()
	var b strings.Builder
	quoted, inside, exact := false, false, false // exact: not only bare letters, so not NULL
	end := 0                                     // of what stays when blanks are cut off
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		switch {
		case c == '\\' && p.at+1 < len(p.text):
			if quoted && !inside {
				return nil, p.fail("Unexpected array element.")
			}
			p.at++
			b.WriteByte(p.text[p.at])
			exact, end = true, b.Len()
		case c == '\\':
			return nil, p.fail("Unexpected end of input.")
		case c == '"' && inside:
			inside, end = false, b.Len()
		case inside:
			b.WriteByte(c)
		case c == '"':
			if quoted || b.Len() > 0 {
				return nil, p.fail("Unexpected array element.")
			}
			quoted, inside, exact = true, true, true
		case c == '{' && b.Len() == 0 && !quoted:
			return nil, errorf(codeNotSupported, "an array of more than one dimension is not supported")
		case c == '{':
			return nil, p.fail(`Unexpected "{" character.`)
		case c == ',' || c == '}':
			if b.Len() == 0 && !exact {
				return nil, p.fail(`Unexpected "` + string(c) + `" character.`)
			}
			text := b.String()[:end]
			if !exact && strings.EqualFold(text, "NULL") {
				return nil, nil
			}
			return &text, nil
		case isBlank(c) && quoted:
		case quoted:
			return nil, p.fail("Unexpected array element.")
		default:
			b.WriteByte(c)
			if !isBlank(c) {
				end = b.Len()
			}
		}
	}
	return nil, p.fail("Unexpected end of input.")
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
