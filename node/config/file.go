package config

import (
	"fmt"
	"strings"
)

// An Assignment is one line of a file or one -c option.
type Assignment struct {
	Name, Value string
	Where       string // "redoubt.conf line 3", "command line"
}

// An Error refuses an assignment.
type Error struct {
	Where   string
	Message string
}

func (e *Error) Error() string { return e.Where + ": " + e.Message }

// ParseFile reads the file format: name = value (the = may be left out), values in single quotes
// where they hold more than a word or number, ” or \' for a quote within, # for comments.
func ParseFile(name string, data []byte) ([]Assignment, error) {
	var out []Assignment
	for i, line := range strings.Split(string(data), "\n") {
		where := fmt.Sprintf("%s line %d", name, i+1)
		a, ok, err := parseLine(strings.TrimRight(line, "\r"))
		if err != nil {
			return nil, &Error{where, err.Error()}
		}
		if ok {
			a.Where = where
			out = append(out, a)
		}
	}
	return out, nil
}

// ParseOption reads what follows -c: name=value, unquoted.
func ParseOption(option string) (Assignment, error) {
	name, value, ok := strings.Cut(option, "=")
	name = strings.ReplaceAll(strings.TrimSpace(name), "-", "_")
	if !ok || name == "" {
		return Assignment{}, &Error{"command line", fmt.Sprintf("-c %s requires a value: -c name=value", option)}
	}
	return Assignment{Name: name, Value: strings.TrimSpace(value), Where: "command line"}, nil
}

func isNameByte(c byte) bool {
	return c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func parseLine(line string) (a Assignment, ok bool, err error) {
	rest := strings.TrimLeft(line, " \t")
	if rest == "" || rest[0] == '#' {
		return a, false, nil
	}
	end := 0
	for end < len(rest) && isNameByte(rest[end]) {
		end++
	}
	if end == 0 {
		return a, false, fmt.Errorf("syntax error near %q: want name = value", rest)
	}
	a.Name, rest = rest[:end], strings.TrimLeft(rest[end:], " \t")
	if strings.HasPrefix(rest, "=") {
		rest = strings.TrimLeft(rest[1:], " \t")
	}
	a.Value, rest, err = parseValue(rest)
	if err != nil {
		return a, false, fmt.Errorf("parameter %q: %w", a.Name, err)
	}
	if rest = strings.TrimLeft(rest, " \t"); rest != "" && rest[0] != '#' {
		return a, false, fmt.Errorf("syntax error near %q: put the value of %q in single quotes", rest, a.Name)
	}
	return a, true, nil
}

// parseValue takes one value off the front of s.
func parseValue(s string) (value, rest string, err error) {
	if s == "" || s[0] == '#' {
		return "", "", fmt.Errorf("has no value; an empty one is ''")
	}
	if s[0] != '\'' {
		end := strings.IndexAny(s, " \t#")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
			b.WriteByte('\'')
		case s[i] == '\'':
			return b.String(), s[i+1:], nil
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", fmt.Errorf("unterminated quoted string")
}

// Quote writes a value so that ParseFile reads it back.
func Quote(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(value) + "'"
}
