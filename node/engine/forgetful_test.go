package engine_test

import (
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// forgetful is a manager whose replay leaves something behind that the primary did not have.
type forgetful struct{ rmgr.Manager }

func (f forgetful) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	if err := f.Manager.Redo(ctx, rec); err != nil {
		return err
	}
	page, action, err := ctx.Block(rec, 0)
	if err == nil && action == rmgr.NeedsRedo && ctx.Replaying() {
		page[30] ^= 0x55
	}
	return err
}

func (f forgetful) Mask(page []byte, block uint32) { f.Manager.(rmgr.Masker).Mask(page, block) }
