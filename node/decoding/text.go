package decoding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/node/replication"
)

// text is PostgreSQL's test_decoding.
type text struct {
	xids, timestamp, skipEmpty bool
}

func newText(options []replication.Option) (Output, error) {
	t := text{xids: true}
	ignored := false // every change is local, and none is a rewrite
	err := setBools(options, map[string]*bool{
		"include-xids": &t.xids, "include-timestamp": &t.timestamp, "skip-empty-xacts": &t.skipEmpty,
		"only-local": &ignored, "include-rewrites": &ignored,
	})
	return &t, err
}

func (o *text) SkipsEmpty() bool { return o.skipEmpty }

// bare is a transaction that gets no BEGIN and COMMIT: to test_decoding one of messages is empty.
func (o *text) bare(t *Transaction) bool {
	return o.skipEmpty && !slices.ContainsFunc(t.Changes, func(c Change) bool { return c.Message == nil })
}

func (o *text) Begin(t *Transaction) []byte {
	switch {
	case o.bare(t):
		return nil
	case o.xids:
		return fmt.Appendf(nil, "BEGIN %d", t.Xid)
	}
	return []byte("BEGIN")
}

func (o *text) Commit(t *Transaction) []byte {
	if o.bare(t) {
		return nil
	}
	b := []byte("COMMIT")
	if o.xids {
		b = fmt.Appendf(b, " %d", t.Xid)
	}
	if o.timestamp && !t.Time.IsZero() {
		b = fmt.Appendf(b, " (at %s)", t.Time.Format(timestamp))
	}
	return b
}

func (o *text) Change(_ *Transaction, c *Change) []byte {
	if m := c.Message; m != nil {
		transactional := 0
		if m.Transactional {
			transactional = 1
		}
		b := fmt.Appendf(nil, "message: transactional: %d prefix: %s, sz: %d content:", transactional, m.Prefix, len(m.Content))
		return append(b, m.Content...)
	}
	schema, table := tableOf(c.Object)
	b := fmt.Appendf(nil, "table %s.%s: %s:", identifier(schema), identifier(table), strings.ToUpper(c.Action))
	now, before := columnsOf(c)
	switch {
	case c.Action == "delete" && len(before) == 0:
		return append(b, " (no-tuple-data)"...)
	case c.Action == "delete":
		return appendTuple(b, before)
	case len(before) > 0:
		b = appendTuple(append(b, " old-key:"...), before)
		b = append(b, " new-tuple:"...)
	}
	return appendTuple(b, now)
}

func appendTuple(b []byte, columns []column) []byte {
	for _, c := range columns {
		b = fmt.Appendf(b, " %s[%s]:", identifier(c.name), c.kind)
		switch v := c.value.(type) {
		case nil:
			b = append(b, "null"...)
		case string:
			if c.kind == "bytea" {
				v = `\x` + v
			}
			b = append(b, '\'')
			b = append(b, strings.ReplaceAll(v, "'", "''")...)
			b = append(b, '\'')
		default:
			b = fmt.Append(b, v)
		}
	}
	return b
}

// identifier quotes a name unless it is a plain one (quote_identifier, without the reserved words).
func identifier(name string) string {
	plain := name != ""
	for i, c := range []byte(name) {
		plain = plain && (c == '_' || 'a' <= c && c <= 'z' || i > 0 && '0' <= c && c <= '9')
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
