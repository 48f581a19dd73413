package kv

import (
	"bytes"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func redoSplit(ctx rmgr.RedoContext, rec *wal.Record) error {
	_, s, err := parseSplit(rec.Main)
	if err != nil {
		return err
	}
	if len(rec.Blocks) != 4 {
		return errMalformed(opSplit, len(rec.Main))
	}
	top, err := getMeta(ctx, rec)
	if err != nil {
		return err
	}
	left, err := get(ctx, rec, s.left, false)
	if err != nil {
		return err
	}
	right, err := get(ctx, rec, s.right, true)
	if err != nil {
		return err
	}
	parent, err := get(ctx, rec, s.parent, s.root)
	if err != nil {
		return err
	}
	ref, err := reference(rec, s.right)
	if err != nil {
		return err
	}
	moved := movedItems{data: ref.Data, level: s.level, op: opSplit}
	if right.todo || left.todo {
		if err := moved.check(); err != nil {
			return err
		}
	}
	pos := 0
	if top.todo {
		if err := checkSplitMeta(meta(top.page), s); err != nil {
			return err
		}
	}
	if left.todo {
		if err := checkSplitLeft(left.page, s, moved); err != nil {
			return err
		}
	}
	if parent.todo && !s.root {
		if pos, err = checkSplitParent(parent.page, s); err != nil {
			return err
		}
	}

	keepMeta(ctx, top)
	keepNode(ctx, left)
	if !s.root {
		keepNode(ctx, parent)
	}
	if top.todo {
		splitMeta(top.page, s)
	}
	if left.todo {
		n := node(left.page)
		n.keep(s.kept)
		n.setRight(s.right)
	}
	if right.todo {
		moved.appendTo(initNode(right.page, s.level, moved.sibling()))
	}
	if parent.todo {
		n := node(parent.page)
		var child [4]byte
		if s.root {
			n = initNode(parent.page, s.level+1, noSibling)
			le.PutUint32(child[:], s.left)
			n.insert(0, child[:], nil, nil)
			pos = 1
		}
		le.PutUint32(child[:], s.right)
		n.insert(pos, child[:], s.separator, nil)
	}
	return nil
}

func checkSplitMeta(m meta, s split) error {
	next := m.pages()
	if s.reused == 0 && s.right != next || s.root && s.reused == 1 && s.parent != next || next > 1<<32-3 {
		return damaged("split into block %d, the next new one is %d", s.right, next)
	}
	if s.root && (s.left != m.root() || s.level != m.level()) {
		return damaged("split of root %d, the root is %d", s.left, m.root())
	}
	if s.reused == 0 {
		return nil
	}
	return checkTaken(m, s.right, s.reused, s.free)
}

// checkTaken checks that n pages, the first of them head, can be taken from the free list, which
// begins with rest then.
func checkTaken(m meta, head uint32, n int, rest uint32) error {
	free := m.free()
	if free.head != head || int(free.pages) < n || (int(free.pages) == n) != (rest == 0) || rest >= m.pages() {
		return damaged("free list of %d pages begins at %d: %d pages from %d are taken", free.pages, free.head, n, head)
	}
	return nil
}

func splitMeta(m meta, s split) {
	fresh := 1
	if s.root {
		fresh = 2
		m.setRoot(s.parent)
		m.setLevel(s.level + 1)
	}
	m.setPages(m.pages() + uint32(fresh-s.reused))
	if s.reused > 0 {
		m.setFree(list{head: s.free, pages: m.free().pages - uint32(s.reused)})
	}
}

func checkSplitLeft(n node, s split, moved movedItems) error {
	if err := n.checkItems(); err != nil {
		return err
	}
	switch {
	case n.level() != s.level:
		return damaged("split at level %d of a page of level %d", s.level, n.level())
	case s.kept+moved.count() != n.count() || n.right() != moved.sibling():
		return damaged("split keeps %d items and moves %d of %d", s.kept, moved.count(), n.count())
	}
	if s.kept > 0 {
		if last, _ := n.key(s.kept - 1); bytes.Compare(last, s.separator) >= 0 {
			return damaged("separator is not above the last key that stays")
		}
	}
	if s.kept < n.count() {
		if first, _ := n.key(s.kept); bytes.Compare(first, s.separator) < 0 {
			return damaged("separator is above the first key that moves")
		}
	}
	return nil
}

// checkSplitParent finds where the separator goes: behind the item that leads to the left page.
func checkSplitParent(n node, s split) (pos int, err error) {
	if err := n.check(); err != nil {
		return 0, err
	}
	if n.level() != s.level+1 {
		return 0, damaged("parent is at level %d", n.level())
	}
	pos, child, err := n.child(s.separator)
	if err != nil {
		return 0, err
	}
	_, key, err := n.down(pos)
	if err != nil {
		return 0, err
	}
	switch {
	case child != s.left || bytes.Equal(key, s.separator):
		return 0, damaged("parent leads to block %d, not to %d", child, s.left)
	case n.free() < lineSize+4+len(s.separator):
		return 0, damaged("no room for a separator of %d bytes", len(s.separator))
	}
	return pos + 1, nil
}
