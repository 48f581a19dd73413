package executor

import (
	"bytes"

	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/node/sql/ereport"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func (c *Compiler) concat(out *computed, l, r computed) error {
	if l.typ == rmgr.Bytea || r.typ == rmgr.Bytea {
		l, r, err := c.match(l, r)
		if err != nil {
			return err
		}
		both(out, rmgr.Bytea, l, r, func(a, b any) (any, error) { return append(bytes.Clone(a.([]byte)), b.([]byte)...), nil })
		return nil
	}
	if l.typ != rmgr.Text && l.typ != datum.Unknown && r.typ != rmgr.Text && r.typ != datum.Unknown {
		return errNoCoercion
	}
	l, r = c.settle(l), c.settle(r)
	both(out, rmgr.Text, l, r, func(a, b any) (any, error) {
		s, err := datum.TextOf(l.typ, a)
		if err != nil {
			return nil, err
		}
		t, err := datum.TextOf(r.typ, b)
		if len(s)+len(t) > maxText {
			return nil, ereport.Errorf(ereport.CodeProgramLimit, "the result of || is longer than %d bytes", maxText)
		}
		return s + t, err
	})
	return nil
}

// maxText bounds what || may build.
const maxText = 64 << 20
