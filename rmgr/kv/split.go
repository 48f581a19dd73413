package kv

import "github.com/redoubt-wal/redoubt/rmgr"

// makeRoom splits one page: the leaf, or the highest page above it that has to be split before.
func (c *cursor) makeRoom(f rmgr.Format) error {
	level := 0
	for level < c.level && c.path[level+1].free < maxDown {
		level++
	}
	if c.level == maxTree-1 && level == c.level {
		return &rmgr.Error{Code: "54000", Message: "the kv tree cannot grow higher"}
	}
	s := split{root: level == c.level, level: level, left: c.path[level].block}
	var err error
	if s.right, err = c.take(f, &s.reused); err != nil {
		return err
	}
	if s.parent = c.path[min(level+1, maxTree-1)].block; s.root {
		if s.parent, err = c.take(f, &s.reused); err != nil {
			return err
		}
	}
	s.free = c.free.head
	c.child = uint32(level)
	if err := c.page(s.left, seeSplit); err != nil {
		return err
	}
	s.kept, s.separator = int(c.child), c.old

	c.main = appendSplit(c.main[:0], f, s)
	blocks := append(c.blocks[:0],
		rmgr.NewBlock{Rel: relation, Block: metaBlock},
		rmgr.NewBlock{Rel: relation, Block: s.left},
		rmgr.NewBlock{Rel: relation, Block: s.right, WillInit: true, Data: c.data},
		rmgr.NewBlock{Rel: relation, Block: s.parent, WillInit: s.root})
	_, err = c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opSplit, Main: c.main, Blocks: ascending(blocks)})
	return err
}

// ascending sorts a record's few blocks by their numbers.
func ascending(blocks []rmgr.NewBlock) []rmgr.NewBlock {
	for i := range blocks {
		for j := i; j > 0 && blocks[j-1].Block > blocks[j].Block; j-- {
			blocks[j-1], blocks[j] = blocks[j], blocks[j-1]
		}
	}
	return blocks
}

// take chooses a page to build anew: from the free list, counting it in reused, or the next new one.
// The choice counts once a record that says it is logged.
func (c *cursor) take(f rmgr.Format, reused *int) (block uint32, err error) {
	if f < 2 || c.free.pages == 0 {
		c.pages++
		return c.pages - 1, nil
	}
	block = c.free.head
	if err := c.page(block, seeNext); err != nil {
		return 0, err
	}
	c.free.pages--
	if c.free.head = c.child; (c.free.pages == 0) != (c.child == 0) || c.child >= c.pages {
		return 0, broken(block, damaged("the free list goes on at block %d, %d pages are left", c.child, c.free.pages))
	}
	*reused++
	return block, nil
}

// seeNext leaves in c.child where a link leads.
func seeNext(c *cursor, page []byte) error {
	l := link(page)
	if err := l.check(); err != nil {
		return err
	}
	c.child = l.next()
	return nil
}

// seeSplit plans the split of the page at level c.child: c.child becomes the number of items that
// stay, c.old the separator, c.data the block data of the right page.
//
// Half the bytes stay. But at the right edge of the tree, where ascending keys arrive, all stays:
// the new leaf begins empty with the key to come, the new inner page with the last child.
func seeSplit(c *cursor, page []byte) error {
	n := node(page)
	if err := n.checkItems(); err != nil {
		return err
	}
	count, kept := n.count(), 0
	if count < 2 {
		return damaged("full with %d items", count)
	}
	edge := n.right() == noSibling
	p := c.path[c.child]
	switch {
	case edge && n.level() == 0 && !c.found && p.pos == count:
		kept = count
	case edge && n.level() > 0 && p.pos == count-1:
		kept = count - 1
	default:
		half := (specialAt - headerSize - n.free()) / 2
		for used := 0; kept < count-1 && used < half; kept++ {
			_, size := n.line(kept)
			used += lineSize + size
		}
	}
	last, err := n.key(kept - 1)
	if err != nil {
		return err
	}
	first := c.key
	if kept < count {
		if first, err = n.key(kept); err != nil {
			return err
		}
	}
	if n.level() == 0 {
		first = separator(last, first)
	}
	c.old = append(c.old[:0], first...)
	c.data = le.AppendUint32(c.data[:0], n.right())
	for i := kept; i < count; i++ {
		item, err := n.item(i)
		if err != nil {
			return err
		}
		if n.level() > 0 && i == kept {
			item = item[:4]
		}
		c.data = le.AppendUint16(c.data, uint16(len(item)))
		c.data = append(c.data, item...)
	}
	c.child = uint32(kept)
	return nil
}
