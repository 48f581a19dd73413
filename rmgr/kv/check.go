package kv

import (
	"bytes"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Check walks the whole store and says what is wrong with it: page structure, key order, ranges,
// levels, sibling links, the count of keys, values on chains, and that every page is part of the tree
// or of a value, or free, or waiting for a value's end. For tests and for people who doubt a disk.
func Check(s rmgr.Session) error {
	c := open(s)
	defer c.close()
	if err := c.readMeta(); err != nil || c.empty {
		return err
	}
	k := checker{s: s, pages: c.pages, seen: map[uint32]bool{}}
	if err := k.walk(c.root, c.level, nil, nil); err != nil {
		return err
	}
	for level, expected := range k.next {
		if expected != noSibling {
			return fmt.Errorf("kv: level %d ends with a link to block %d", level, expected)
		}
	}
	if k.keys != c.keys {
		return fmt.Errorf("kv: %d keys are there, %d are counted", k.keys, c.keys)
	}
	if _, err := k.follow("free list", c.free, nil); err != nil {
		return err
	}
	if tail, err := k.follow("pending chain", c.pending, nil); err != nil {
		return err
	} else if tail != c.pending.tail {
		return fmt.Errorf("kv: the pending chain ends at block %d, not %d", tail, c.pending.tail)
	}
	if missing := int(c.pages) - 1 - len(k.seen); missing != 0 {
		return fmt.Errorf("kv: %d of %d pages belong to nothing", missing, c.pages)
	}
	return nil
}

type checker struct {
	s     rmgr.Session
	pages uint32
	seen  map[uint32]bool
	next  [maxTree]uint32 // per level: the sibling that the last page named
	begun [maxTree]bool
	keys  uint64
}

// look gives a copy of a page that was not seen before.
func (k *checker) look(block uint32) ([]byte, error) {
	if block == metaBlock || block >= k.pages || k.seen[block] {
		return nil, fmt.Errorf("kv: block %d is named twice or does not belong to the store", block)
	}
	k.seen[block] = true
	var copied []byte
	ok, err := k.s.Page(relation, wal.ForkMain, block, func(page []byte) { copied = bytes.Clone(page) })
	if err != nil || !ok {
		return nil, fmt.Errorf("kv: block %d: found %t: %w", block, ok, err)
	}
	return copied, nil
}

// follow looks at a list's pages, all of them, and gives the last one's number. sizes, if there is
// one, says how many bytes each must hold.
func (k *checker) follow(what string, l list, sizes func(i int) int) (tail uint32, err error) {
	block := l.head
	for i := range int(l.pages) {
		copied, err := k.look(block)
		if err != nil {
			return 0, fmt.Errorf("%s, page %d of %d: %w", what, i, l.pages, err)
		}
		p := link(copied)
		if err := p.check(); err != nil {
			return 0, fmt.Errorf("%s, block %d: %w", what, block, err)
		}
		if sizes != nil && len(p.data()) != sizes(i) {
			return 0, fmt.Errorf("kv: %s, block %d has %d bytes, not %d", what, block, len(p.data()), sizes(i))
		}
		tail, block = block, p.next()
	}
	if block != 0 {
		return 0, fmt.Errorf("kv: %s of %d pages goes on at block %d", what, l.pages, block)
	}
	return tail, nil
}

// value checks the chain of a leaf's item, if it has one.
func (k *checker) value(n node, i int) error {
	key, value, long, err := n.pair(i)
	if err != nil || !long {
		return err
	}
	c, _ := parseChain(value) // checked by pair
	what := fmt.Sprintf("value of %q", key)
	tail, err := k.follow(what, c.list(), func(i int) int { return min(chunk, int(c.length)-i*chunk) })
	if err == nil && tail != c.tail {
		err = fmt.Errorf("kv: %s ends at block %d, not %d", what, tail, c.tail)
	}
	return err
}

// walk checks the subtree at block, whose keys must lie in [low, high).
func (k *checker) walk(block uint32, level int, low, high []byte) error {
	copied, err := k.look(block)
	if err != nil {
		return err
	}
	n := node(copied)
	if err := n.checkItems(); err != nil {
		return fmt.Errorf("block %d: %w", block, err)
	}
	if n.level() != level || k.begun[level] && k.next[level] != block {
		return fmt.Errorf("kv: block %d is at level %d, not %d, or is not its sibling's", block, n.level(), level)
	}
	k.begun[level], k.next[level] = true, n.right()
	if level > 0 && n.count() == 0 {
		return fmt.Errorf("kv: block %d is an inner page without items", block)
	}
	var before []byte
	for i := range n.count() {
		key, _ := n.key(i)
		first := level > 0 && i == 0
		switch {
		case first && len(key) > 0,
			i > 0 && bytes.Compare(before, key) >= 0,
			!first && low != nil && bytes.Compare(key, low) < 0,
			!first && high != nil && bytes.Compare(key, high) >= 0:
			return fmt.Errorf("kv: block %d: item %d (%q) is out of place", block, i, key)
		}
		before = key
	}
	if level == 0 {
		k.keys += uint64(n.count())
		for i := range n.count() {
			if err := k.value(n, i); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range n.count() {
		child, from, _ := n.down(i)
		to := high
		if i == 0 {
			from = low
		}
		if i+1 < n.count() {
			_, to, _ = n.down(i + 1)
		}
		if err := k.walk(child, level-1, from, to); err != nil {
			return err
		}
	}
	return nil
}
