package sql

import (
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// AppendText appends a value as PostgreSQL shows it: integers in decimal, t and f, 0/1500028, \x00ff.
func AppendText(dst []byte, t rmgr.Type, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return append(dst, v...), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case bool:
		if v {
			return append(dst, 't'), nil
		}
		return append(dst, 'f'), nil
	case wal.LSN:
		return appendLSN(dst, v), nil
	case []byte:
		if t == rmgr.Text {
			return append(dst, v...), nil
		}
		return hex.AppendEncode(append(dst, `\x`...), v), nil
	case float64:
		return appendFloat(dst, v), nil
	case time.Time:
		return v.UTC().AppendFormat(dst, "2006-01-02 15:04:05.999999+00"), nil
	}
	if o, ok := v.(object); ok {
		return append(dst, o.name...), nil
	}
	if n, ok := integer(v); ok {
		return strconv.AppendInt(dst, n, 10), nil
	}
	return dst, derrorf(dcodeInternal, "a function returned %T for a column of type %s", v, TypeName(t))
}

// integer widens the integers that a function should not have returned, but may.
func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case uint32:
		return int64(v), true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case int16:
		return int64(v), true
	case uint64:
		return int64(v), v <= math.MaxInt64
	case object:
		return v.oid, true
	}
	return 0, false
}

func appendLSN(dst []byte, l wal.LSN) []byte {
	start := len(dst)
	dst = strconv.AppendUint(dst, uint64(l>>32), 16)
	dst = append(dst, '/')
	dst = strconv.AppendUint(dst, uint64(uint32(l)), 16)
	for i := start; i < len(dst); i++ {
		if dst[i] >= 'a' {
			dst[i] -= 'a' - 'A'
		}
	}
	return dst
}

// appendFloat writes the shortest digits that give the number back, with an exponent where
// PostgreSQL has one.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e15) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// ParseText reads a value in text form; an error is 22P02 as in PostgreSQL.
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
			return nil, derrorf(dcodeOutOfRange, "\"%s\" is out of range for type double precision", s)
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
	return derrorf(dcodeInvalidText, "invalid input syntax for type %s: \"%s\"", TypeName(t), s)
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
		return nil, derrorf(dcodeOutOfRange, "value \"%s\" is out of range for type %s", blank, TypeName(t))
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

func parseBytea(s string) (any, error) {
	if digits, ok := strings.CutPrefix(s, `\x`); ok {
		return parseHex(digits)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		if strings.HasPrefix(s[i:], `\\`) {
			b = append(b, '\\')
			i++
			continue
		}
		if len(s) < i+4 {
			return nil, derrorf(dcodeInvalidText, "invalid input syntax for type bytea")
		}
		n, err := strconv.ParseUint(s[i+1:i+4], 8, 8)
		if err != nil {
			return nil, derrorf(dcodeInvalidText, "invalid input syntax for type bytea")
		}
		b = append(b, byte(n))
		i += 3
	}
	return b, nil
}

var timeLayouts = []string{
	"2006-01-02 15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02",
}

func parseTime(s, blank string) (any, error) {
	err := invalidText(rmgr.Timestamptz, s)
	err.Code = dcodeInvalidTime
	for _, layout := range timeLayouts {
		t, failure := time.Parse(layout, blank)
		if failure == nil {
			return t, nil
		}
		var p *time.ParseError
		if errors.As(failure, &p) && strings.HasSuffix(p.Message, "out of range") {
			err = derrorf(dcodeTimeRange, "date/time field value out of range: \"%s\"", blank)
		}
	}
	return nil, err
}

// parseHex reads pairs of digits; white space may stand between them.
func parseHex(digits string) (any, error) {
	digits = strings.Join(strings.Fields(digits), "")
	for _, c := range digits {
		if !strings.ContainsRune("0123456789abcdefABCDEF", c) {
			return nil, derrorf(dcodeInvalidValue, "invalid hexadecimal digit: \"%c\"", c)
		}
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nil, derrorf(dcodeInvalidValue, "invalid hexadecimal data: odd number of digits")
	}
	return b, nil
}

// textOf is the value as ::text gives it: like AppendText, but true and false in full.
func textOf(t rmgr.Type, v any) (string, error) {
	if b, ok := v.(bool); ok {
		return strconv.FormatBool(b), nil
	}
	b, err := AppendText(nil, t, v)
	return string(b), err
}
