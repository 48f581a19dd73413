package datum

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// AppendText appends a value that is not NULL as PostgreSQL shows it: integers in decimal, t and f, 0/1500028, \x00ff.
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
	if o, ok := v.(Object); ok {
		return append(dst, o.Name...), nil
	}
	if n, ok := Integer(v); ok {
		return strconv.AppendInt(dst, n, 10), nil
	}
	return dst, errorf(codeInternal, "a function returned %T for a column of type %s", v, TypeName(t))
}

// TextOf is a value that is not NULL as ::text gives it: like AppendText, but true and false in full.
func TextOf(t rmgr.Type, v any) (string, error) {
	if b, ok := v.(bool); ok {
		return strconv.FormatBool(b), nil
	}
	b, err := AppendText(nil, t, v)
	return string(b), err
}
