package kv

import (
	"bytes"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/field"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// manager is the kv resource manager as one version of the module has it.
type manager struct {
	version string
	highest rmgr.Format
}

func (manager) Name() string               { return "kv" }
func (manager) Identify(info uint8) string { return identify(info) }

// Redo applies one record: parse, get the pages, check all, then change.
func (m manager) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	if len(rec.Main) == 0 {
		return errMalformed(rec.Op(), 0)
	}
	f := rmgr.Format(rec.Main[0])
	if f == 0 || f > m.highest {
		return fmt.Errorf("kv: record in format %d: version %s replays formats 1–%d", f, m.version, m.highest)
	}
	if want := ctx.Format(); want != 0 && want != f {
		return fmt.Errorf("kv: record in format %d where format %d is in force", f, want)
	}
	switch rec.Op() {
	case opInit:
		return redoInit(ctx, rec)
	case opInsert, opUpdate, opDelete:
		return redoChange(ctx, rec)
	case opSplit:
		return redoSplit(ctx, rec)
	}
	return fmt.Errorf("kv has no operation %02X", rec.Op())
}

// A target is one page of a record; todo says whether this redo has to change it.
type target struct {
	page []byte
	todo bool
}

func get(ctx rmgr.RedoContext, rec *wal.Record, block uint32, fresh bool) (target, error) {
	ref, err := reference(rec, block)
	if err != nil {
		return target{}, err
	}
	if ref.WillInit != fresh {
		return target{}, fmt.Errorf("kv: malformed record: %s with a wrong reference to block %d", identify(rec.Info), block)
	}
	bytes, action, err := ctx.Block(rec, ref.ID)
	if err != nil {
		return target{}, err
	}
	if action == rmgr.NeedsRedo && len(bytes) != page.Size {
		return target{}, damaged("block %d has %d bytes", block, len(bytes))
	}
	return target{bytes, action == rmgr.NeedsRedo}, nil
}

func getMeta(ctx rmgr.RedoContext, rec *wal.Record) (target, error) {
	t, err := get(ctx, rec, metaBlock, false)
	if err == nil && t.todo {
		err = meta(t.page).check()
	}
	return t, err
}

func redoInit(ctx rmgr.RedoContext, rec *wal.Record) error {
	if len(rec.Main) != 1 || len(rec.Blocks) != 2 {
		return errMalformed(opInit, len(rec.Main))
	}
	top, err := get(ctx, rec, metaBlock, true)
	if err != nil {
		return err
	}
	root, err := get(ctx, rec, 1, true)
	if err != nil {
		return err
	}
	if top.todo {
		initMeta(top.page)
	}
	if root.todo {
		initNode(root.page, 0, noSibling)
	}
	return nil
}

func redoChange(ctx rmgr.RedoContext, rec *wal.Record) error {
	op := rec.Op()
	_, c, err := parseChange(op, rec.Main)
	if err != nil {
		return err
	}
	want := 2
	if op == opUpdate {
		want = 1
	}
	if len(rec.Blocks) != want || rec.Blocks[want-1].Block == metaBlock {
		return errMalformed(op, len(rec.Main))
	}
	var top target
	if op != opUpdate {
		if top, err = getMeta(ctx, rec); err != nil {
			return err
		}
		if top.todo && op == opDelete && meta(top.page).count() == 0 {
			return damaged("delete from a store that counts no keys")
		}
	}
	leaf, err := get(ctx, rec, rec.Blocks[want-1].Block, false)
	if err != nil {
		return err
	}
	if leaf.todo {
		if err := changeLeaf(leaf.page, op, c); err != nil {
			return err
		}
	}
	if top.todo {
		switch m := meta(top.page); op {
		case opInsert:
			m.setCount(m.count() + 1)
		case opDelete:
			m.setCount(m.count() - 1)
		}
	}
	return nil
}

// changeLeaf makes one change in a leaf, or none and an error.
func changeLeaf(leaf node, op uint8, c change) error {
	if err := leaf.check(); err != nil {
		return err
	}
	if leaf.level() != 0 {
		return damaged("a leaf was expected, this is level %d", leaf.level())
	}
	pos, found, err := leaf.search(c.key)
	if err != nil {
		return err
	}
	if found != (op != opInsert) {
		return damaged("%s of a key that is there: %t", identify(op), found)
	}
	if c.slot >= 0 && c.slot != pos {
		return damaged("%s at slot %d, the key belongs at %d", identify(op), c.slot, pos)
	}
	size, freed := 2+len(c.key)+len(c.value), -lineSize
	if found {
		item, err := leaf.item(pos)
		if err != nil {
			return err
		}
		_, old, err := splitLeafItem(item)
		if err != nil {
			return err
		}
		if c.hasOld && !bytes.Equal(old, c.old) {
			return damaged("%s of a value that is not there", identify(op))
		}
		freed = len(item)
		if op == opUpdate && freed == size {
			copy(item[2+len(c.key):], c.value)
			return nil
		}
	}
	if op != opDelete && leaf.free()+freed < size {
		return damaged("no room for %d bytes", size)
	}
	if found {
		leaf.remove(pos)
	}
	if op != opDelete {
		var length [2]byte
		le.PutUint16(length[:], uint16(len(c.key)))
		leaf.insert(pos, length[:], c.key, c.value)
	}
	return nil
}

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
	moved := movedItems{data: ref.Data, level: s.level}
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

	if top.todo {
		m := meta(top.page)
		m.setPages(s.right + 1)
		if s.root {
			m.setPages(s.right + 2)
			m.setRoot(s.parent)
			m.setLevel(s.level + 1)
		}
	}
	if left.todo {
		n := node(left.page)
		n.keep(s.kept)
		n.setRight(s.right)
	}
	if right.todo {
		moved.fill(initNode(right.page, s.level, moved.sibling()))
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
	switch {
	case s.right != m.pages() || s.right > 1<<32-3:
		return damaged("split into block %d, the next new one is %d", s.right, m.pages())
	case s.root && (s.left != m.root() || s.level != m.level()):
		return damaged("split of root %d, the root is %d", s.left, m.root())
	}
	return nil
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

// movedItems is the block data of a split's right page.
type movedItems struct {
	data  []byte
	level int
}

func (m movedItems) sibling() uint32 {
	r := field.Reader{B: m.data}
	return r.U32()
}

func (m movedItems) each(visit func(item []byte) error) error {
	r := field.Reader{B: m.data}
	r.U32()
	for len(r.B) > 0 && !r.Bad {
		if err := visit(r.Bytes(int(r.U16()))); err != nil {
			return err
		}
	}
	if r.Bad {
		return errMalformed(opSplit, len(m.data))
	}
	return nil
}

func (m movedItems) count() (n int) {
	_ = m.each(func([]byte) error { n++; return nil }) // checked before
	return n
}

func (m movedItems) check() error {
	if m.data == nil {
		return errMalformed(opSplit, 0)
	}
	total := headerSize
	var before []byte
	err := m.each(func(item []byte) error {
		key, _, err := splitLeafItem(item)
		if m.level > 0 {
			_, key, err = splitDownItem(item)
			if err == nil && (before == nil) != (len(key) == 0) {
				err = errMalformed(opSplit, len(m.data))
			}
		}
		if err != nil {
			return err
		}
		if before != nil && bytes.Compare(before, key) >= 0 {
			return errMalformed(opSplit, len(m.data))
		}
		before = key
		total += lineSize + len(item)
		return nil
	})
	if err == nil && (total > specialAt || m.level > 0 && before == nil) {
		err = errMalformed(opSplit, len(m.data))
	}
	return err
}

func (m movedItems) fill(n node) {
	i := 0
	_ = m.each(func(item []byte) error { // checked before
		n.insert(i, item, nil, nil)
		i++
		return nil
	})
}
