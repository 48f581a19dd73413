package decoding

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// A column is one named value of a change, with the SQL type that clients are told.
type column struct {
	name, kind string
	value      any // string, int64, bool, or nil
}

// columnsOf sorts a change's columns by name and parts the new values from the old ones: a column
// old_NAME is the value that NAME had before. Of a delete all values are old ones.
func columnsOf(c *Change) (now, before []column) {
	for _, name := range slices.Sorted(maps.Keys(c.Columns)) {
		col := columnOf(name, c.Columns[name])
		switch old, isOld := strings.CutPrefix(name, "old_"); {
		case isOld && old != "":
			col.name = old
			before = append(before, col)
		case c.Action == "delete":
			before = append(before, col)
		default:
			now = append(now, col)
		}
	}
	return now, before
}

// columnOf gives a value its type. Text that is not UTF-8 is shown as bytes.
func columnOf(name string, value any) column {
	switch v := value.(type) {
	case nil:
		return column{name, "text", nil}
	case string:
		if utf8.ValidString(v) {
			return column{name, "text", v}
		}
		return column{name, "bytea", hex.EncodeToString([]byte(v))}
	case []byte:
		return column{name, "bytea", hex.EncodeToString(v)}
	case bool:
		return column{name, "boolean", v}
	case int64:
		return column{name, "bigint", v}
	default:
		return column{name, "text", strings.ToValidUTF8(fmt.Sprint(v), "\uFFFD")}
	}
}

// tableOf splits a change's object into schema and table; without a schema it is public's.
func tableOf(object string) (schema, table string) {
	if schema, table, ok := strings.Cut(object, "."); ok && schema != "" && table != "" {
		return schema, table
	}
	return "public", object
}

// timestamp is how both plugins print the time of a commit.
const timestamp = "2006-01-02 15:04:05.999999+00"
