package rmgrtest

import (
	"bytes"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A kept range is a part of a staged page and what it held before.
type kept struct{ at, was []byte }

func (c *redoContext) Keep(b []byte) { c.kept = append(c.kept, kept{b, bytes.Clone(b)}) }

// keptAll puts back what a Keeper has kept, the last first, and complains if a page that the record did
// not make is not as it was then. The pages are left as Redo has made them.
func (c *redoContext) keptAll(m rmgr.Manager, rec *wal.Record) error {
	if _, ok := m.(rmgr.Keeper); !ok {
		return nil
	}
	after := make([][]byte, len(c.staged))
	for i, s := range c.staged {
		after[i] = bytes.Clone(s.now)
	}
	for i := len(c.kept) - 1; i >= 0; i-- {
		copy(c.kept[i].at, c.kept[i].was)
	}
	var err error
	for i, s := range c.staged {
		if !s.fresh && !bytes.Equal(s.old, s.now) {
			at := 0
			for s.old[at] == s.now[at] {
				at++
			}
			err = fmt.Errorf("rmgrtest: Redo of %s changes byte %d of block %d, which it did not keep", m.Identify(rec.Info), at, s.key.Block)
		}
		copy(s.now, after[i])
	}
	return err
}
