package ledger

import "github.com/redoubt-wal/redoubt/rmgr"

// KeepsWhatItChanges makes manager an rmgr.Keeper.
func (manager) KeepsWhatItChanges() {}

// RedoesPagesApart makes manager an rmgr.Pagewise.
func (manager) RedoesPagesApart() {}

// keepMeta keeps all that a meta page holds.
func keepMeta(ctx rmgr.RedoContext, t target) {
	if t.todo {
		ctx.Keep(t.page[:metaEnd])
	}
}

func keepPage(ctx rmgr.RedoContext, t target) {
	if t.todo {
		ctx.Keep(t.page)
	}
}
