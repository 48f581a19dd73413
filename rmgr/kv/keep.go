package kv

import "github.com/redoubt-wal/redoubt/rmgr"

// KeepsWhatItChanges makes manager an rmgr.Keeper: the functions below are called before every change.
func (manager) KeepsWhatItChanges() {}

// RedoesPagesApart makes manager an rmgr.Pagewise.
func (manager) RedoesPagesApart() {}

// keepHole keeps the end of the hole, where an item of size bytes goes, if it fits. Where the hole ends
// is known before its place among the items is: it is fetched from memory while that is searched for.
func keepHole(ctx rmgr.RedoContext, n node, size int) {
	if upper := n.upper(); upper <= specialAt && size <= upper {
		ctx.Keep(n[upper-size : upper])
	}
}

// keepLines keeps what changes beside the hole when an item is inserted at pos.
func keepLines(ctx rmgr.RedoContext, n node, pos int) {
	ctx.Keep(n[12:16]) // lower, upper
	ctx.Keep(n[headerSize+pos*lineSize : n.lower()+lineSize])
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
