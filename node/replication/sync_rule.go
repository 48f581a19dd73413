package replication

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Rule says which standbys a commit waits for: synchronous_standby_names. The zero value is
// nobody.
type Rule struct {
	Any     bool     // any Number of Members; otherwise the first Number by their order
	Number  int      // 0: asynchronous
	Members []string // application names, compared without regard to case; "*" is anyone

	// Distinct: each name is one node, whatever number of connections carry it: the last counts. Of a
	// standby that connected again, the primary may hold the connection before for a while. Without it
	// every connection counts, as in PostgreSQL.
	Distinct bool
}

// Synchronous reports whether commits wait at all.
func (r Rule) Synchronous() bool { return r.Number > 0 && len(r.Members) > 0 }

// Priority is name's place in the rule, 1 for the first; 0 if it is not in it. With Any all are 1.
func (r Rule) Priority(name string) int {
	if !r.Synchronous() {
		return 0
	}
	for i, m := range r.Members {
		if m == "*" || strings.EqualFold(m, name) {
			if r.Any {
				return 1
			}
			return i + 1
		}
	}
	return 0
}

// String is the rule in the form of synchronous_standby_names.
func (r Rule) String() string {
	if !r.Synchronous() {
		return ""
	}
	method := "FIRST"
	if r.Any {
		method = "ANY"
	}
	quoted := make([]string, len(r.Members))
	for i, m := range r.Members {
		quoted[i] = `"` + strings.ReplaceAll(m, `"`, `""`) + `"`
		if m == "*" {
			quoted[i] = "*"
		}
	}
	return fmt.Sprintf("%s %d (%s)", method, r.Number, strings.Join(quoted, ", "))
}

// Equal reports whether both rules say the same.
func (r Rule) Equal(o Rule) bool {
	return r.Any == o.Any && r.Number == o.Number && r.Distinct == o.Distinct && slices.Equal(r.Members, o.Members)
}

// ParseRule reads synchronous_standby_names:
//
//	a, b         FIRST 1 (a, b)
//	2 (a, b, c)  FIRST 2 (a, b, c)
//	FIRST 2 (a, b, c)
//	ANY 1 (a, b, *)
func ParseRule(s string) (Rule, error) {
	p := ruleParser{rest: s}
	r, err := p.rule()
	if err != nil {
		return Rule{}, fmt.Errorf("synchronous_standby_names %q: %w; want a list of names, or FIRST n (list), or ANY n (list)", s, err)
	}
	return r, nil
}

// A ruleToken is a name, a number or a punctuation character. What kind matters to the grammar: a
// quoted "any" is a name.
type ruleToken struct {
	text   string
	quoted bool
	punct  bool
}

func (t ruleToken) end() bool        { return t.punct && t.text == "" }
func (t ruleToken) is(c string) bool { return t.punct && t.text == c }
func (t ruleToken) keyword(word string) bool {
	return !t.quoted && !t.punct && strings.EqualFold(t.text, word)
}
func (t ruleToken) number() (int, bool) {
	if t.quoted || t.punct || strings.TrimLeft(t.text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(t.text, 10, 32)
	return int(n), err == nil
}

type ruleParser struct{ rest string }

func (p *ruleParser) rule() (Rule, error) {
	first, err := p.next()
	if err != nil || first.end() {
		return Rule{}, err
	}
	if first.keyword("any") || first.keyword("first") {
		count, err := p.next()
		if err != nil {
			return Rule{}, err
		}
		n, ok := count.number()
		if !ok {
			return Rule{}, fmt.Errorf("%s must be followed by a number", strings.ToUpper(first.text))
		}
		return p.counted(first.keyword("any"), n)
	}
	if n, ok := first.number(); ok {
		saved := *p
		if after, err := p.next(); err == nil && after.is("(") {
			*p = saved
			return p.counted(false, n)
		}
		*p = saved // a standby may be named by a number
	}
	members, end, err := p.list(first)
	if err == nil && !end.end() {
		err = fmt.Errorf("unexpected %q", end.text)
	}
	return Rule{Number: 1, Members: members}, err
}

// counted reads "(list)" after a number.
func (p *ruleParser) counted(anyOf bool, n int) (Rule, error) {
	if n <= 0 {
		return Rule{}, fmt.Errorf("number of synchronous standbys (%d) must be greater than zero", n)
	}
	open, err := p.next()
	if err != nil {
		return Rule{}, err
	}
	if !open.is("(") {
		return Rule{}, fmt.Errorf("the number must be followed by a list in parentheses")
	}
	first, err := p.next()
	if err != nil {
		return Rule{}, err
	}
	members, closing, err := p.list(first)
	if err != nil {
		return Rule{}, err
	}
	if !closing.is(")") {
		return Rule{}, fmt.Errorf("the list lacks its closing parenthesis")
	}
	if after, err := p.next(); err != nil || !after.end() {
		return Rule{}, fmt.Errorf("something follows the list")
	}
	return Rule{Any: anyOf, Number: n, Members: members}, nil
}

// list reads names separated by commas and returns the token after them.
func (p *ruleParser) list(t ruleToken) (members []string, after ruleToken, err error) {
	for {
		if t.punct && !t.is("*") {
			if t.end() {
				return nil, t, fmt.Errorf("a name is missing at the end")
			}
			return nil, t, fmt.Errorf("unexpected %q where a name should be", t.text)
		}
		if t.quoted && t.text == "" {
			return nil, t, fmt.Errorf("a name is empty")
		}
		members = append(members, t.text)
		if after, err = p.next(); err != nil || !after.is(",") {
			return members, after, err
		}
		if t, err = p.next(); err != nil {
			return nil, t, err
		}
	}
}

func (p *ruleParser) next() (ruleToken, error) {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n\f\v")
	if p.rest == "" {
		return ruleToken{punct: true}, nil
	}
	switch c := p.rest[0]; {
	case strings.IndexByte("(),*", c) >= 0:
		p.rest = p.rest[1:]
		return ruleToken{text: string(c), punct: true}, nil
	case c == '"':
		name, rest, ok := quoted(p.rest, '"')
		if !ok {
			return ruleToken{}, fmt.Errorf("a quoted name lacks its closing quote")
		}
		p.rest = rest
		return ruleToken{text: name, quoted: true}, nil
	case nameByte(c):
		n := 1
		for n < len(p.rest) && nameByte(p.rest[n]) {
			n++
		}
		t := ruleToken{text: p.rest[:n]}
		p.rest = p.rest[n:]
		return t, nil
	default:
		return ruleToken{}, fmt.Errorf("unexpected %q; quote names with other characters than letters, digits, _ and $", c)
	}
}

func nameByte(c byte) bool {
	return c == '_' || c == '$' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// quoted reads a string that begins with the quote q, in which a doubled q stands for one.
func quoted(s string, q byte) (text, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != q {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == q {
			b.WriteByte(q)
			i++
			continue
		}
		return b.String(), s[i+1:], true
	}
	return "", "", false
}
