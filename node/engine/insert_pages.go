package engine

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// ownPages refuses a record of a module that names pages of another manager: its redo would ruin them.
func ownPages(rec rmgr.NewRecord) error {
	if !rec.Rmgr.Custom() {
		return nil
	}
	for i := range rec.Blocks {
		if rel := rec.Blocks[i].Rel; !rmgr.Owns(rec.Rmgr, rel) {
			return fmt.Errorf("a record of resource manager %d names a page of relation %s, which is not its own: those are %s and the 99 after it",
				rec.Rmgr, rel, rmgr.Rel(rec.Rmgr, 0))
		}
	}
	return nil
}

// maxLeap is how many pages behind a relation's end a record may make one: those between are written as
// zeros, and a wrong number would fill the disk.
const maxLeap = 1 << 30 / page.Size

func (w *writer) mayLeap(ref *wal.BlockRef) error {
	if ref.Block < maxLeap {
		return nil
	}
	blocks, err := w.e.pool.Blocks(ref.Rel, ref.Fork)
	switch {
	case err != nil:
		return err
	case ref.Block-min(blocks, ref.Block) >= maxLeap:
		return fmt.Errorf("a record makes block %d of relation %s, which has %d: at most %d blocks may lie between", ref.Block, ref.Rel, blocks, maxLeap-1)
	}
	return nil
}
