package kv

import (
	"context"

	"github.com/redoubt-wal/redoubt/rmgr"
)

func (m manager) functions() []rmgr.Function {
	id := ID
	key := rmgr.Column{Name: "key", Type: rmgr.Text}
	value := rmgr.Column{Name: "value", Type: rmgr.Text}
	return []rmgr.Function{
		{Name: "kv_put", Args: []rmgr.Column{key, value}, Strict: true, Write: &id,
			Returns: []rmgr.Column{{Name: "kv_put", Type: rmgr.PgLSN}}, Call: m.callPut},
		{Name: "kv_delete", Args: []rmgr.Column{key}, Strict: true, Write: &id,
			Returns: []rmgr.Column{{Name: "kv_delete", Type: rmgr.Bool}}, Call: m.callDelete},
		{Name: "kv_get", Args: []rmgr.Column{key}, Strict: true, ReadsOf: &id,
			Returns: []rmgr.Column{{Name: "kv_get", Type: rmgr.Text}}, Call: callGet},
		{Name: "kv_cas", Args: []rmgr.Column{key, {Name: "expected", Type: rmgr.Text}, {Name: "new", Type: rmgr.Text}}, Write: &id,
			Returns: []rmgr.Column{{Name: "kv_cas", Type: rmgr.Bool}}, Call: m.callCAS},
		{Name: "kv_count", ReadsOf: &id,
			Returns: []rmgr.Column{{Name: "kv_count", Type: rmgr.Int8}}, Call: callCount},
		{Name: "kv_range", Args: []rmgr.Column{{Name: "from", Type: rmgr.Text}, {Name: "to", Type: rmgr.Text}, {Name: "lim", Type: rmgr.Int4}},
			Defaults: []any{nil, nil}, ReadsOf: &id, Set: true,
			Returns: []rmgr.Column{key, value}, Call: callRange},
	}
}

func (m manager) callPut(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	key, value := args[0].(string), args[1].(string)
	f, err := m.format(s)
	if err != nil {
		return err
	}
	if err := checkPair(f, key, value); err != nil {
		return err
	}
	c := open(s)
	defer c.close()
	c.key = append(c.key[:0], key...)
	want := wantFor(f)
	if err := c.tidyUp(f, want); err != nil {
		return err
	}
	lsn, err := m.put(c, f, value, want)
	if err != nil {
		return err
	}
	return row(lsn)
}

// wantFor is what find has to bring for a record of a format: from 2 on, the old value.
func wantFor(f rmgr.Format) wanted {
	if f >= 2 {
		return wantOld
	}
	return wantPlace
}

func (m manager) callDelete(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	f, err := m.format(s)
	if err != nil {
		return err
	}
	c := open(s)
	defer c.close()
	c.key = append(c.key[:0], args[0].(string)...)
	if err := c.tidyUp(f, wantFor(f)); err != nil {
		return err
	}
	if !c.found {
		return row(false)
	}
	if err := c.remove(f); err != nil {
		return err
	}
	return row(true)
}

// callCAS sets the key to new if its value is expected. NULL stands for "no such key" on either
// side: expected NULL inserts, new NULL deletes.
func (m manager) callCAS(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	key, ok := args[0].(string)
	if !ok {
		return row(nil)
	}
	expected, present := args[1].(string)
	value, keep := args[2].(string)
	f, err := m.format(s)
	if err != nil {
		return err
	}
	if err := checkPair(f, key, value); err != nil {
		return err
	}
	c := open(s)
	defer c.close()
	c.key = append(c.key[:0], key...)
	if err := c.tidyUp(f, wantOld); err != nil {
		return err
	}
	same, err := c.equals(expected)
	switch {
	case err != nil:
		return err
	case c.found != present || present && !same:
		return row(false)
	case keep:
		_, err = m.put(c, f, value, wantOld)
	case present:
		err = c.remove(f)
	}
	if err != nil {
		return err
	}
	return row(true)
}

func callGet(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	c := open(s)
	defer c.close()
	c.key = append(c.key[:0], args[0].(string)...)
	if err := c.find(wantText); err != nil {
		return err
	}
	if !c.found {
		return row(nil)
	}
	if c.long {
		text, err := c.longText(c.chain)
		if err != nil {
			return err
		}
		return row(text)
	}
	return row(c.text)
}

func callCount(_ context.Context, s rmgr.Session, _ []any, row func(...any) error) error {
	c := open(s)
	defer c.close()
	if err := c.readMeta(); err != nil {
		return err
	}
	if c.empty {
		return row(int64(0))
	}
	return row(int64(c.keys))
}
