package rmgr

import "strconv"

// Printable is text for one line of a terminal: control characters and invalid UTF-8, which a
// record may hold, are escaped as in Go source.
func Printable(s string) string {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7F || c == '\\' {
			q := strconv.Quote(s)
			return unquote(q[1 : len(q)-1])
		}
	}
	return s
}

// unquote takes back what Quote escapes only because of the quotes around.
func unquote(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && s[i+1] == '"' {
			i++
		} else if s[i] == '\\' && i+1 < len(s) {
			out = append(out, s[i])
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}
