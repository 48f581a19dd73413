package kv

import (
	"bytes"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func redoMerge(ctx rmgr.RedoContext, rec *wal.Record) error {
	_, m, err := parseMerge(rec.Main)
	if err != nil {
		return err
	}
	if len(rec.Blocks) != 4 {
		return errMalformed(opMerge, len(rec.Main))
	}
	top, err := getMeta(ctx, rec)
	if err != nil {
		return err
	}
	left, err := get(ctx, rec, m.left, false)
	if err != nil {
		return err
	}
	right, err := get(ctx, rec, m.right, true)
	if err != nil {
		return err
	}
	parent, err := get(ctx, rec, m.parent, false)
	if err != nil {
		return err
	}
	ref, err := reference(rec, m.left)
	if err != nil {
		return err
	}
	moved := movedItems{data: ref.Data, level: m.level, op: opMerge}
	if top.todo {
		if err := checkFreed(top.page, m.right, m.free); err != nil {
			return err
		}
	}
	if left.todo {
		if err := checkMergeLeft(left.page, m, moved); err != nil {
			return err
		}
	}
	if parent.todo {
		if err := checkMergeParent(parent.page, m); err != nil {
			return err
		}
	}

	keepMeta(ctx, top)
	keepNode(ctx, left)
	keepNode(ctx, parent)
	if top.todo {
		addFree(top.page, list{head: m.right, pages: 1})
	}
	if left.todo {
		n := node(left.page)
		moved.appendTo(n)
		n.setRight(moved.sibling())
	}
	if right.todo {
		initLink(right.page, m.free, nil)
	}
	if parent.todo {
		node(parent.page).remove(m.slot)
	}
	return nil
}

// checkFreed checks that a block can go before the free list, which begins with head.
func checkFreed(m meta, block, head uint32) error {
	if m.free().head != head || block >= m.pages() || block == m.root() && m.level() == 0 {
		return damaged("block %d of %d becomes free before block %d, the free list begins with %d", block, m.pages(), head, m.free().head)
	}
	return nil
}

func addFree(m meta, l list) {
	m.setFree(list{head: l.head, pages: m.free().pages + l.pages})
}

func checkMergeLeft(n node, m merge, moved movedItems) error {
	if err := n.checkItems(); err != nil {
		return err
	}
	if err := moved.check(); err != nil {
		return err
	}
	switch {
	case n.level() != m.level || n.right() != m.right:
		return damaged("merge at level %d of block %d, this is level %d and leads to %d", m.level, m.right, n.level(), n.right())
	case n.free() < moved.size():
		return damaged("no room for %d bytes", moved.size())
	case moved.sibling() == m.left || moved.sibling() == m.right:
		return damaged("the sibling of block %d would be %d", m.left, moved.sibling())
	}
	if n.count() > 0 && moved.count() > 0 {
		if last, _ := n.key(n.count() - 1); bytes.Compare(last, moved.first()) >= 0 {
			return damaged("the keys that come are not above the last that is there")
		}
	}
	return nil
}

func checkMergeParent(n node, m merge) error {
	if err := n.check(); err != nil {
		return err
	}
	if n.level() != m.level+1 || m.slot >= n.count() {
		return damaged("slot %d of a parent at level %d with %d items", m.slot, n.level(), n.count())
	}
	left, _, err := n.down(m.slot - 1)
	if err != nil {
		return err
	}
	right, _, err := n.down(m.slot)
	if err != nil {
		return err
	}
	if left != m.left || right != m.right {
		return damaged("parent leads to blocks %d and %d, not to %d and %d", left, right, m.left, m.right)
	}
	return nil
}

func redoCollapse(ctx rmgr.RedoContext, rec *wal.Record) error {
	_, c, err := parseCollapse(rec.Main)
	if err != nil {
		return err
	}
	if len(rec.Blocks) != 2 {
		return errMalformed(opCollapse, len(rec.Main))
	}
	top, err := getMeta(ctx, rec)
	if err != nil {
		return err
	}
	root, err := get(ctx, rec, c.root, true)
	if err != nil {
		return err
	}
	if top.todo {
		m := meta(top.page)
		if err := checkFreed(m, c.root, c.free); err != nil {
			return err
		}
		if c.root != m.root() || c.level != m.level() || c.child >= m.pages() {
			return damaged("root %d of level %d collapses, the root is %d", c.root, c.level, m.root())
		}
		keepMeta(ctx, top)
		m.setRoot(c.child)
		m.setLevel(c.level - 1)
		addFree(m, list{head: c.root, pages: 1})
	}
	if root.todo {
		initLink(root.page, c.free, nil)
	}
	return nil
}
