package kv

import "github.com/redoubt-wal/redoubt/rmgr"

// KeepsWhatItChanges makes manager an rmgr.Keeper: the functions below are called before every change.
func (manager) KeepsWhatItChanges() {}

// keepForInsert keeps what an insert of size bytes at pos changes.
func keepForInsert(ctx rmgr.RedoContext, n node, pos, size int) {
	ctx.Keep(n[12:16]) // lower, upper
	ctx.Keep(n[headerSize+pos*lineSize : n.lower()+lineSize])
	ctx.Keep(n[n.upper()-size : n.upper()])
}

// keepMeta keeps all that a meta page holds.
func keepMeta(ctx rmgr.RedoContext, t target) {
	if t.todo {
		ctx.Keep(t.page[:metaWide])
	}
}

func keepNode(ctx rmgr.RedoContext, t target) {
	if t.todo {
		ctx.Keep(t.page)
	}
}

// keepNext keeps where a link leads to.
func keepNext(ctx rmgr.RedoContext, t target) {
	if t.todo {
		ctx.Keep(t.page[specialAt:])
	}
}
