package kv

import (
	"sync"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// A step is a page on the way from the root to a leaf.
type step struct {
	block uint32
	pos   int // of the item taken
	count int
	free  int
}

// A cursor finds a key's place in the tree. It remembers numbers and copies, never page bytes.
// Cursors are pooled, and their one callback is bound once, so that a call allocates nothing here.
type cursor struct {
	s    rmgr.Session
	key  []byte
	look func(page []byte) // c.visit
	see  func(c *cursor, page []byte) error
	err  error

	empty   bool // no tree yet
	root    uint32
	level   int
	pages   uint32
	keys    uint64
	free    list
	pending list

	path  [maxTree]step // path[0] is the leaf
	right uint32        // the leaf's sibling
	found bool
	long  bool   // the found value is on a chain:
	chain chain  // this one
	size  int    // of the found item
	text  string // the found value, if wanted and not long
	old   []byte // the found value, if wanted and not long
	want  wanted

	main, data []byte // scratch for a record
	blocks     [4]rmgr.NewBlock
	child      uint32
	run        []rmgr.NewBlock // scratch for CHAIN
	rows       rows            // scratch for a scan
}

type wanted int

const (
	wantPlace wanted = iota
	wantText         // the value as a string
	wantOld          // the value's bytes
)

var cursors = sync.Pool{New: func() any {
	c := new(cursor)
	c.look = c.visit
	return c
}}

func open(s rmgr.Session) *cursor {
	c := cursors.Get().(*cursor)
	c.s = s
	return c
}

func (c *cursor) close() {
	c.s, c.text, c.err = nil, "", nil
	c.blocks, c.rows.pair = [4]rmgr.NewBlock{}, [2]any{}
	cursors.Put(c)
}

func (c *cursor) visit(page []byte) { c.err = c.see(c, page) }

// page shows one page to see.
func (c *cursor) page(block uint32, see func(*cursor, []byte) error) error {
	c.see, c.err = see, nil
	ok, err := c.s.Page(relation, wal.ForkMain, block, c.look)
	switch {
	case err != nil:
		return err
	case !ok:
		return broken(block, damaged("it does not exist"))
	case c.err != nil:
		return broken(block, c.err)
	}
	return nil
}

// broken is the error of a call that met a damaged page.
func broken(block uint32, err error) error {
	return &rmgr.Error{Code: "XX001", Message: "the kv store is damaged", Detail: err.Error(),
		Hint: "Stop the instance and let the operator clone it anew; block " + itoa(block) + " is the one."}
}

// readMeta learns where the root is; c.empty if there is no tree yet.
func (c *cursor) readMeta() error {
	c.empty, c.err = true, nil
	c.free, c.pending = list{}, list{} // of the store that the cursor was used for before
	c.see = seeMeta
	ok, err := c.s.Page(relation, wal.ForkMain, metaBlock, c.look)
	switch {
	case err != nil:
		return err
	case ok && c.err != nil:
		return broken(metaBlock, c.err)
	}
	return nil
}

func seeMeta(c *cursor, bytes []byte) error {
	if len(bytes) == page.Size && page.IsNew(bytes) {
		return nil
	}
	m := meta(bytes)
	if err := m.check(); err != nil {
		return err
	}
	c.empty, c.root, c.level, c.pages, c.keys = false, m.root(), m.level(), m.pages(), m.count()
	c.free, c.pending = m.free(), m.pending()
	return nil
}

// find goes down to the leaf where key is or belongs.
func (c *cursor) find(want wanted) error {
	c.want, c.found, c.long = want, false, false
	if err := c.readMeta(); err != nil || c.empty {
		return err
	}
	block := c.root
	for level := c.level; level > 0; level-- {
		c.path[level].block = block
		c.child = uint32(level)
		if err := c.page(block, seeInner); err != nil {
			return err
		}
		block = c.child
	}
	c.path[0].block = block
	return c.page(block, seeLeaf)
}

// seeInner takes the level from c.child and leaves the child there.
func seeInner(c *cursor, page []byte) error {
	n, level := node(page), int(c.child)
	if err := n.check(); err != nil {
		return err
	}
	if n.level() != level {
		return damaged("level %d where %d was expected", n.level(), level)
	}
	pos, child, err := n.child(c.key)
	if err != nil {
		return err
	}
	if child == metaBlock || child >= c.pages {
		return damaged("item %d leads to block %d of %d", pos, child, c.pages)
	}
	p := &c.path[level]
	p.pos, p.count, p.free = pos, n.count(), n.free()
	c.child = child
	return nil
}

func seeLeaf(c *cursor, page []byte) error {
	n := node(page)
	if err := n.check(); err != nil {
		return err
	}
	if n.level() != 0 {
		return damaged("level %d where a leaf was expected", n.level())
	}
	pos, found, err := n.search(c.key)
	if err != nil {
		return err
	}
	p := &c.path[0]
	p.pos, p.count, p.free = pos, n.count(), n.free()
	c.right, c.found = n.right(), found
	if !found {
		return nil
	}
	_, value, long, err := n.pair(pos)
	if err != nil {
		return err
	}
	c.long, c.size = long, 2+len(c.key)+len(value)
	switch {
	case long:
		c.chain, _ = parseChain(value)
		c.old = c.old[:0]
	case c.want == wantText:
		c.text = string(value)
	case c.want == wantOld:
		c.old = append(c.old[:0], value...)
	}
	return nil
}

// separator is the shortest string s with left < s ≤ right.
func separator(left, right []byte) []byte {
	for i := range right {
		if i >= len(left) || left[i] != right[i] {
			return right[:i+1]
		}
	}
	return right // not reached for left < right
}
