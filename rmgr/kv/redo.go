package kv

import (
	"bytes"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
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
	if !m.knows(f) {
		return fmt.Errorf("kv: record in format %d: version %s replays formats 1–%d", f, m.version, m.highest)
	}
	if want := ctx.Format(); want != 0 && want != f {
		return fmt.Errorf("kv: record in format %d where format %d is in force", f, want)
	}
	switch op := rec.Op(); {
	case op == opInit:
		return redoInit(ctx, rec)
	case op == opInsert, op == opUpdate, op == opDelete:
		return redoChange(ctx, rec)
	case op == opSplit:
		return redoSplit(ctx, rec)
	case !has(f, op):
		return fmt.Errorf("kv has no operation %02X in format %d", op, f)
	case op == opMerge:
		return redoMerge(ctx, rec)
	case op == opCollapse:
		return redoCollapse(ctx, rec)
	case op == opChain:
		return redoChain(ctx, rec)
	case op == opRelease:
		return redoRelease(ctx, rec)
	}
	return redoExchange(ctx, rec)
}

func (m manager) knows(f rmgr.Format) bool { return 1 <= f && f <= m.highest }

// has reports whether a format has an operation.
func has(f rmgr.Format, op uint8) bool { return identify(op) != "" && (f >= 2 || op < opMerge) }

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
	if _, err := parseInit(rec.Main); err != nil || len(rec.Blocks) != 2 {
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
		if err := changeLeaf(ctx, leaf.page, op, c); err != nil {
			return err
		}
	}
	if top.todo {
		keepMeta(ctx, top)
		count(top.page, op == opInsert, op == opDelete)
	}
	return nil
}

// count keeps the number of keys.
func count(m meta, more, fewer bool) {
	switch {
	case more:
		m.setCount(m.count() + 1)
	case fewer:
		m.setCount(m.count() - 1)
	}
}

// changeLeaf makes one change in a leaf, or none and an error.
func changeLeaf(ctx rmgr.RedoContext, leaf node, op uint8, c change) error {
	if op == opInsert {
		keepHole(ctx, leaf, 2+len(c.key)+len(c.value))
	}
	pos, found, err := placeInLeaf(leaf, op, c.key, op != opInsert)
	if err != nil {
		return err
	}
	if c.slot >= 0 && c.slot != pos {
		return damaged("%s at slot %d, the key belongs at %d", identify(op), c.slot, pos)
	}
	if found {
		_, old, long, err := leaf.pair(pos)
		switch {
		case err != nil:
			return err
		case long || c.hasOld && !bytes.Equal(old, c.old):
			return damaged("%s of a value that is not there", identify(op))
		case op == opUpdate && len(old) == len(c.value):
			ctx.Keep(old)
			copy(old, c.value)
			return nil
		}
	}
	return replace(ctx, leaf, pos, found, op != opDelete, uint16(len(c.key)), c.key, c.value)
}

// placeInLeaf finds where a key is, if it must be there, or belongs, if it must not.
func placeInLeaf(leaf node, op uint8, key []byte, there bool) (pos int, found bool, err error) {
	if err := leaf.check(); err != nil {
		return 0, false, err
	}
	if leaf.level() != 0 {
		return 0, false, damaged("a leaf was expected, this is level %d", leaf.level())
	}
	if pos, found, err = leaf.search(key); err != nil {
		return 0, false, err
	}
	if found != there {
		return 0, false, damaged("%s of a key that is there: %t", identify(op), found)
	}
	return pos, found, nil
}

// replace takes an item out (old), puts one in (fresh), or both; it checks first that there is room. Where
// it only puts one in, the caller has called keepHole.
func replace(ctx rmgr.RedoContext, leaf node, pos int, old, fresh bool, head uint16, key, value []byte) error {
	size, freed := 2+len(key)+len(value), -lineSize
	if old {
		item, err := leaf.item(pos)
		if err != nil {
			return err
		}
		freed = len(item)
	}
	if fresh && leaf.free()+freed < size {
		return damaged("no room for %d bytes", size)
	}
	if old {
		ctx.Keep(leaf)
		leaf.remove(pos)
	}
	if fresh {
		if !old {
			keepLines(ctx, leaf, pos)
		}
		var length [2]byte
		le.PutUint16(length[:], head)
		leaf.insert(pos, length[:], key, value)
	}
	return nil
}
