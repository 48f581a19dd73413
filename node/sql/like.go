package sql

import (
	"github.com/redoubt-wal/redoubt/node/sql/datum"
	"github.com/redoubt-wal/redoubt/rmgr"
)

func (c *compiler) like(out *computed, l, r computed) error {
	l, err := c.coerce(l, rmgr.Text)
	if err != nil {
		return err
	}
	r, err = c.coerce(r, rmgr.Text)
	if err != nil {
		return err
	}
	both(out, rmgr.Bool, l, r, func(a, b any) (any, error) { return datum.MatchLike(a.(string), b.(string)), nil })
	return nil
}
