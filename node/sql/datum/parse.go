package datum

import (
	"errors"
	"strconv"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// ParseText reads a value in text form. An error has PostgreSQL's SQLSTATE: 22P02 for another form, 22003, 22007 and
// 22008 for numbers and times that cannot be, 22023 for bytes.
func ParseText(t rmgr.Type, s string) (any, error) {
	blank := strings.TrimSpace(s)
	switch t {
	case rmgr.Int8, rmgr.Int4:
		return parseInt(t, s, blank)
	case rmgr.Bool:
		return parseBool(s, blank)
	case rmgr.PgLSN:
		l, err := wal.ParseLSN(s)
		if err != nil {
			return nil, invalidText(t, s)
		}
		return l, nil
	case rmgr.Bytea:
		return parseBytea(s)
	case rmgr.Float8:
		f, err := strconv.ParseFloat(blank, 64)
		if errors.Is(err, strconv.ErrRange) && !strings.ContainsAny(blank, "_xXpP") {
			return nil, errorf(codeOutOfRange, "\"%s\" is out of range for type double precision", s)
		}
		if err != nil || strings.ContainsAny(blank, "_xXpP") {
			return nil, invalidText(t, s)
		}
		return f, nil
	case rmgr.Timestamptz:
		return parseTime(s, blank)
	}
	return s, nil
}

func invalidText(t rmgr.Type, s string) *rmgr.Error {
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return errorf(codeInvalidText, "invalid input syntax for type %s: \"%s\"", TypeName(t), s)
}

func parseInt(t rmgr.Type, s, blank string) (any, error) {
	bits := 64
	if t == rmgr.Int4 {
		bits = 32
	}
	n, err := strconv.ParseInt(blank, 10, bits)
	if err == nil {
		return n, nil
	}
	if err.(*strconv.NumError).Err == strconv.ErrRange {
		return nil, errorf(codeOutOfRange, "value \"%s\" is out of range for type %s", blank, TypeName(t))
	}
	return nil, invalidText(t, s)
}

func parseBool(s, blank string) (any, error) {
	switch w := strings.ToLower(blank); {
	case w == "":
	case w == "1" || w == "on" || strings.HasPrefix("true", w) || strings.HasPrefix("yes", w):
		return true, nil
	case w == "0" || w == "of" || w == "off" || strings.HasPrefix("false", w) || strings.HasPrefix("no", w):
		return false, nil
	}
	return nil, invalidText(rmgr.Bool, s)
}
