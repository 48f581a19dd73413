package decoding

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"unicode/utf8"

	"github.com/redoubt-wal/redoubt/node/replication"
)

// jsonLines is wal2json with format-version 2: an object for each step of a transaction.
type jsonLines struct {
	xids, timestamp, lsn, transaction, types, skipEmpty bool
}

func newJSON(options []replication.Option) (Output, error) {
	o := jsonLines{transaction: true, types: true}
	rest := make([]replication.Option, 0, len(options))
	for _, opt := range options {
		if opt.Name != "format-version" {
			rest = append(rest, opt)
		} else if opt.Value != "2" {
			return nil, badOption(opt) // format-version 2 is the only one
		}
	}
	err := setBools(rest, map[string]*bool{
		"include-xids": &o.xids, "include-timestamp": &o.timestamp, "include-lsn": &o.lsn,
		"include-transaction": &o.transaction, "include-types": &o.types, "skip-empty-xacts": &o.skipEmpty,
	})
	return &o, err
}

func (o *jsonLines) SkipsEmpty() bool { return o.skipEmpty }

func (o *jsonLines) Begin(t *Transaction) []byte {
	if !o.transaction {
		return nil
	}
	return o.object("B", t, nil).end()
}

func (o *jsonLines) Commit(t *Transaction) []byte {
	if !o.transaction {
		return nil
	}
	return o.object("C", t, nil).end()
}

// actions are wal2json's letters; a manager's own word stays as it is.
var actions = map[string]string{"insert": "I", "update": "U", "delete": "D"}

func (o *jsonLines) Change(t *Transaction, c *Change) []byte {
	if m := c.Message; m != nil {
		b := o.object("M", t, c).member("transactional", m.Transactional).member("prefix", m.Prefix)
		if utf8.Valid(m.Content) {
			return b.member("content", string(m.Content)).end()
		}
		return b.member("content", hex.EncodeToString(m.Content)).member("encoding", "hex").end()
	}
	action := actions[c.Action]
	if action == "" {
		action = c.Action
	}
	schema, table := tableOf(c.Object)
	b := o.object(action, t, c).member("schema", schema).member("table", table)
	now, before := columnsOf(c)
	if c.Action != "delete" {
		b = b.member("columns", o.columns(now))
	}
	if len(before) > 0 {
		b = b.member("identity", o.columns(before))
	}
	return b.end()
}

// object begins an object with what the options say of a transaction, or of a change's place in it.
func (o *jsonLines) object(action string, t *Transaction, c *Change) *object {
	b := (&object{}).member("action", action)
	if o.xids {
		if t != nil {
			b.member("xid", t.Xid)
		} else {
			b.member("xid", nil)
		}
	}
	if o.timestamp {
		if t != nil && !t.Time.IsZero() {
			b.member("timestamp", t.Time.Format(timestamp))
		} else {
			b.member("timestamp", nil)
		}
	}
	if o.lsn {
		if c != nil {
			b.member("lsn", c.LSN.String())
		} else {
			b.member("lsn", t.Commit.String())
		}
	}
	return b
}

// columns are an array of {"name","type","value"}.
func (o *jsonLines) columns(columns []column) json.RawMessage {
	b := []byte{'['}
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		item := (&object{}).member("name", c.name)
		if o.types {
			item.member("type", c.kind)
		}
		b = append(b, item.member("value", c.value).end()...)
	}
	return append(b, ']')
}

// An object is a JSON object that keeps the order of its members.
type object struct{ b bytes.Buffer }

func (o *object) member(name string, value any) *object {
	if o.b.Len() == 0 {
		o.b.WriteByte('{')
	} else {
		o.b.WriteByte(',')
	}
	o.encode(name)
	o.b.WriteByte(':')
	if raw, ok := value.(json.RawMessage); ok {
		o.b.Write(raw)
	} else {
		o.encode(value)
	}
	return o
}

// encode writes a string, number, boolean or null, with < and > as they are.
func (o *object) encode(value any) {
	e := json.NewEncoder(&o.b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err) // none of these can fail
	}
	o.b.Truncate(o.b.Len() - 1) // its newline
}

func (o *object) end() []byte { return append(o.b.Bytes(), '}') }
