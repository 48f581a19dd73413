package datum

import (
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// RecordText is a row as PostgreSQL shows it in one column.
func RecordText(row []any) (string, error) {
	var b strings.Builder
	for i, v := range row {
		b.WriteByte("(,"[min(i, 1)])
		if v == nil {
			continue
		}
		text, err := AppendText(nil, rmgr.Bytea, v)
		if err != nil {
			return "", err
		}
		if len(text) > 0 && !strings.ContainsAny(string(text), "(),\"\\ \t\n\v\f\r") {
			b.Write(text)
			continue
		}
		b.WriteByte('"')
		for _, c := range text {
			if c == '"' || c == '\\' {
				b.WriteByte(c)
			}
			b.WriteByte(c)
		}
		b.WriteByte('"')
	}
	return b.String() + ")", nil
}
