package kv

import (
	"bytes"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Check walks the whole tree and says what is wrong with it: page structure, key order, ranges,
// levels, sibling links, the count of keys. For tests and for people who doubt a disk.
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

// walk checks the subtree at block, whose keys must lie in [low, high).
func (k *checker) walk(block uint32, level int, low, high []byte) error {
	if block == metaBlock || block >= k.pages || k.seen[block] {
		return fmt.Errorf("kv: block %d is named twice or does not belong to the tree", block)
	}
	k.seen[block] = true
	var copied []byte
	ok, err := k.s.Page(relation, wal.ForkMain, block, func(page []byte) { copied = bytes.Clone(page) })
	if err != nil || !ok {
		return fmt.Errorf("kv: block %d: found %t: %w", block, ok, err)
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
