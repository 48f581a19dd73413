package kv

import (
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/field"
)

const flagRoot uint8 = 0x01 // of opSplit: the root was split, parent is the new root

// A split is the main data of SPLIT.
type split struct {
	root                bool
	kept                int // items that stay on the left page
	level               int // of the page that is split
	left, right, parent uint32
	reused              int    // from format 2 on: pages that come from the free list, right first
	free                uint32 // if some do: the head of the free list after it
	separator           []byte // the least key of the right page's range
}

func appendSplit(b []byte, f rmgr.Format, s split) []byte {
	var flags uint8
	if s.root {
		flags |= flagRoot
	}
	b = append(b, byte(f), flags)
	b = le.AppendUint16(b, uint16(s.kept))
	b = le.AppendUint16(b, uint16(s.level))
	b = le.AppendUint16(b, uint16(s.reused))
	b = le.AppendUint32(b, s.left)
	b = le.AppendUint32(b, s.right)
	b = le.AppendUint32(b, s.parent)
	if s.reused > 0 {
		b = le.AppendUint32(b, s.free)
	}
	return append(b, s.separator...)
}

func parseSplit(main []byte) (f rmgr.Format, s split, err error) {
	r := field.Reader{B: main}
	f = rmgr.Format(r.U8())
	flags := r.U8()
	s = split{root: flags&flagRoot != 0, kept: int(r.U16()), level: int(r.U16()), reused: int(r.U16())}
	s.left, s.right, s.parent = r.U32(), r.U32(), r.U32()
	fresh := 1
	if s.root {
		fresh = 2
	}
	if s.reused > 0 {
		s.free = r.U32()
	}
	s.separator = r.Rest()
	switch {
	case r.Bad || flags&^flagRoot != 0 || len(s.separator) == 0 || len(s.separator) > maxKey || s.level >= maxTree-1,
		s.left == metaBlock, s.right == metaBlock, s.parent == metaBlock,
		s.left == s.right, s.left == s.parent, s.right == s.parent,
		s.reused > fresh || s.reused > 0 && f < 2,
		s.root && s.reused == 0 && s.parent != s.right+1:
		return f, s, errMalformed(opSplit, len(main))
	}
	return f, s, nil
}

// A merge is the main data of MERGE: the page right gives its items to left and becomes free.
type merge struct {
	level               int // of both
	slot                int // of right in parent; left's is the one before
	left, right, parent uint32
	free                uint32 // the head of the free list before it
}

func appendMerge(b []byte, f rmgr.Format, m merge) []byte {
	b = append(b, byte(f), 0)
	b = le.AppendUint16(b, uint16(m.level))
	b = le.AppendUint16(b, uint16(m.slot))
	b = le.AppendUint32(b, m.left)
	b = le.AppendUint32(b, m.right)
	b = le.AppendUint32(b, m.parent)
	return le.AppendUint32(b, m.free)
}

func parseMerge(main []byte) (f rmgr.Format, m merge, err error) {
	r := field.Reader{B: main}
	f = rmgr.Format(r.U8())
	zero := r.U8()
	m = merge{level: int(r.U16()), slot: int(r.U16()), left: r.U32(), right: r.U32(), parent: r.U32(), free: r.U32()}
	switch {
	case !r.Done() || zero != 0 || m.level >= maxTree-1 || m.slot == 0,
		m.left == metaBlock, m.right == metaBlock, m.parent == metaBlock,
		m.left == m.right, m.left == m.parent, m.right == m.parent, m.free == m.right:
		return f, m, errMalformed(opMerge, len(main))
	}
	return f, m, nil
}

// A collapse is the main data of COLLAPSE: the root has one child, which takes its place.
type collapse struct {
	level       int // of the root before it
	root, child uint32
	free        uint32 // the head of the free list before it
}

func appendCollapse(b []byte, f rmgr.Format, c collapse) []byte {
	b = append(b, byte(f), 0)
	b = le.AppendUint16(b, uint16(c.level))
	b = le.AppendUint32(b, c.root)
	b = le.AppendUint32(b, c.child)
	return le.AppendUint32(b, c.free)
}

func parseCollapse(main []byte) (f rmgr.Format, c collapse, err error) {
	r := field.Reader{B: main}
	f = rmgr.Format(r.U8())
	zero := r.U8()
	c = collapse{level: int(r.U16()), root: r.U32(), child: r.U32(), free: r.U32()}
	if !r.Done() || zero != 0 || c.level == 0 || c.level >= maxTree ||
		c.root == metaBlock || c.child == metaBlock || c.root == c.child || c.free == c.root {
		return f, c, errMalformed(opCollapse, len(main))
	}
	return f, c, nil
}
