package kv

import (
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// A page that holds less than underfull gives its items to a neighbour, or takes the neighbour's, if
// both together leave a quarter of the page free: then neither a few inserts nor a few deletes undo it.
// A page with nothing of its own merges whenever the other's items fit.
const (
	capacity  = specialAt - headerSize
	underfull = capacity / 4
	roomy     = capacity * 3 / 4
)

// shrink merges pages that a delete has left nearly empty. The delete is done: when a merge fails,
// the tree is valid as it is, and the next delete in the same leaf tries again. It returns the end
// of the last record, 0 if there was none.
func (c *cursor) shrink(f rmgr.Format) (last wal.LSN) {
	if f < 2 || capacity-c.path[0].free >= underfull {
		return 0
	}
	for range 2 * maxTree {
		lsn, err := c.mergeOnce(f)
		if lsn == 0 && err == nil {
			lsn, err = c.collapse(f)
		}
		if lsn == 0 || err != nil {
			break
		}
		last = lsn
		if c.find(wantPlace) != nil {
			break
		}
	}
	return last
}

// mergeOnce merges the lowest page of the path that can be.
func (c *cursor) mergeOnce(f rmgr.Format) (wal.LSN, error) {
	for level := range c.level {
		p := &c.path[level]
		if capacity-p.free >= underfull && (level == 0 || p.count > 1) {
			continue
		}
		for _, right := range []int{c.path[level+1].pos + 1, c.path[level+1].pos} {
			m, ok, err := c.planMerge(level, right)
			if err != nil {
				return 0, err
			}
			if ok {
				return c.emitMerge(f, m)
			}
		}
	}
	return 0, nil
}

// planMerge looks whether the children right-1 and right of the path's page at level+1 can merge, and
// if so leaves the data of the record in c.data.
func (c *cursor) planMerge(level, right int) (m merge, ok bool, err error) {
	parent := &c.path[level+1]
	if right < 1 || right >= parent.count {
		return m, false, nil
	}
	m = merge{level: level, slot: right, parent: parent.block, free: c.free.head}
	var key []byte
	err = c.page(parent.block, func(_ *cursor, page []byte) (err error) {
		if m.left, _, err = node(page).down(right - 1); err == nil {
			m.right, key, err = node(page).down(right)
			key = append([]byte(nil), key...)
		}
		return err
	})
	if err != nil {
		return m, false, err
	}
	used, bare := 0, false
	err = c.page(m.left, func(_ *cursor, page []byte) error {
		n := node(page)
		used, bare = capacity-n.free(), n.count() == 0 || level > 0 && n.count() == 1
		return n.check()
	})
	if err != nil {
		return m, false, err
	}
	err = c.page(m.right, func(c *cursor, page []byte) error {
		n := node(page)
		if err := n.checkItems(); err != nil {
			return err
		}
		used += capacity - n.free()
		bare = bare || n.count() == 0 || level > 0 && n.count() == 1
		if level > 0 {
			used += len(key)
		}
		if ok = used <= roomy || bare && used <= capacity; ok {
			return c.gather(n, key)
		}
		return nil
	})
	return m, ok, err
}

// gather makes the block data of a merge out of the right page; its first item takes the separator
// for its key if it is an inner page.
func (c *cursor) gather(n node, key []byte) error {
	c.data = le.AppendUint32(c.data[:0], n.right())
	for i := range n.count() {
		item, err := n.item(i)
		if err != nil {
			return err
		}
		if n.level() == 0 || i > 0 {
			key = nil
		}
		c.data = le.AppendUint16(c.data, uint16(len(item)+len(key)))
		c.data = append(append(c.data, item...), key...)
	}
	return nil
}

func (c *cursor) emitMerge(f rmgr.Format, m merge) (wal.LSN, error) {
	c.main = appendMerge(c.main[:0], f, m)
	blocks := append(c.blocks[:0],
		rmgr.NewBlock{Rel: relation, Block: metaBlock},
		rmgr.NewBlock{Rel: relation, Block: m.left, Data: c.data},
		rmgr.NewBlock{Rel: relation, Block: m.right, WillInit: true},
		rmgr.NewBlock{Rel: relation, Block: m.parent})
	return c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opMerge, Main: c.main, Blocks: ascending(blocks)})
}

// collapse takes away a root with a single child.
func (c *cursor) collapse(f rmgr.Format) (wal.LSN, error) {
	if c.level == 0 || c.path[c.level].count != 1 {
		return 0, nil
	}
	x := collapse{level: c.level, root: c.root, free: c.free.head}
	err := c.page(c.root, func(_ *cursor, page []byte) (err error) {
		x.child, _, err = node(page).down(0)
		return err
	})
	if err != nil {
		return 0, err
	}
	c.main = appendCollapse(c.main[:0], f, x)
	blocks := append(c.blocks[:0], rmgr.NewBlock{Rel: relation, Block: metaBlock}, rmgr.NewBlock{Rel: relation, Block: c.root, WillInit: true})
	return c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opCollapse, Main: c.main, Blocks: blocks})
}
