package rmgrtest

import (
	"bytes"
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// Page implements rmgr.Session. What fn sees is worth nothing once it has returned, as on a node, where
// the page's memory may be another page's by then.
func (e *Engine) Page(rel wal.RelFileLocator, fork wal.ForkNumber, block uint32, fn func([]byte)) (bool, error) {
	if e.calling != nil {
		if err := e.calling.MayRead(rel); err != nil {
			return false, fmt.Errorf("rmgrtest: %w", err)
		}
	}
	p, ok := e.Pages[PageKey{rel, fork, block}]
	switch {
	case !ok && block >= e.Pages.blocks(rel, fork):
		return false, nil
	case !ok:
		p = zeros // one behind it was made first
	}
	shown, before := e.shown, e.looking
	if e.shown, e.looking = nil, true; shown == nil {
		shown = make([]byte, page.Size)
	}
	copy(shown, p)
	fn(shown)
	changed := !bytes.Equal(shown, p)
	copy(shown, gone)
	e.shown, e.looking = shown, before
	if changed {
		return false, fmt.Errorf("rmgrtest: a function changes block %d of %s while it looks at it: only Redo changes pages", block, rel)
	}
	return true, nil
}

var (
	zeros = make([]byte, page.Size)
	gone  = bytes.Repeat([]byte{0xDB}, page.Size) // what a function finds that has kept a page
)

// mayEmit refuses what a node refuses a function.
func (e *Engine) mayEmit(id wal.RmgrID) error {
	switch f := e.calling; {
	case f == nil:
		return nil
	case e.looking:
		return fmt.Errorf("rmgrtest: function %s emits a record while it looks at a page", f.Name)
	case f.Write == nil:
		return fmt.Errorf("rmgrtest: function %s, which has no Write, emits a record", f.Name)
	case id != *f.Write && id != wal.RmgrLogicalMessage:
		return fmt.Errorf("rmgrtest: function %s declares that it writes records of resource manager %d and emits one of %d", f.Name, *f.Write, id)
	}
	return nil
}
