package kv

import (
	"fmt"
	"strconv"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// format is the record format to write.
func (m manager) format(s rmgr.Session) (rmgr.Format, error) {
	f := s.Format(ID)
	if f == 0 || f > m.highest {
		return 0, &rmgr.Error{Code: "55000", Message: fmt.Sprintf("kv %s cannot write records of format %d, which is in force", m.version, f),
			Hint: "Load a version of the module kv that writes it."}
	}
	return f, nil
}

// checkPair refuses what does not fit into a quarter page.
func checkPair(key, value string) error {
	if len(key) > maxKey {
		return &rmgr.Error{Code: "54000", Message: fmt.Sprintf("key has %d bytes, kv keeps at most %d", len(key), maxKey)}
	}
	if size := len(key) + len(value); size > maxPair {
		return &rmgr.Error{Code: "54000", Message: fmt.Sprintf("key and value together have %d bytes, kv keeps at most %d", size, maxPair),
			Hint: "Spread the value over several keys."}
	}
	return nil
}

// put sets c.key, which find has just looked for, to value.
func (m manager) put(c *cursor, f rmgr.Format, value string, want wanted) (wal.LSN, error) {
	for {
		size := 2 + len(c.key) + len(value)
		switch {
		case c.empty:
			if err := c.emitInit(f); err != nil {
				return 0, err
			}
		case c.found && c.path[0].free+c.size >= size:
			return c.emitChange(f, opUpdate, value)
		case !c.found && c.path[0].free >= size+lineSize:
			return c.emitChange(f, opInsert, value)
		default:
			if err := c.makeRoom(f); err != nil {
				return 0, err
			}
		}
		if err := c.find(want); err != nil {
			return 0, err
		}
	}
}

func (c *cursor) emitInit(f rmgr.Format) error {
	c.main = append(c.main[:0], byte(f))
	c.blocks[0] = rmgr.NewBlock{Rel: relation, Block: metaBlock, WillInit: true}
	c.blocks[1] = rmgr.NewBlock{Rel: relation, Block: 1, WillInit: true}
	_, err := c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opInit, Main: c.main, Blocks: c.blocks[:2]})
	return err
}

func (c *cursor) emitChange(f rmgr.Format, op uint8, value string) (wal.LSN, error) {
	c.data = append(c.data[:0], value...)
	c.main = appendChange(c.main[:0], f, op, change{slot: c.path[0].pos, key: c.key, value: c.data, old: c.old})
	blocks := c.blocks[:2]
	blocks[0] = rmgr.NewBlock{Rel: relation, Block: metaBlock}
	blocks[1] = rmgr.NewBlock{Rel: relation, Block: c.path[0].block}
	if op == opUpdate {
		blocks = blocks[1:]
	}
	return c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: op, Main: c.main, Blocks: blocks})
}

// makeRoom splits one page: the leaf, or the highest page above it that has to be split before.
func (c *cursor) makeRoom(f rmgr.Format) error {
	level := 0
	for level < c.level && c.path[level+1].free < maxDown {
		level++
	}
	if c.level == maxTree-1 && level == c.level {
		return &rmgr.Error{Code: "54000", Message: "the kv tree cannot grow higher"}
	}
	s := split{root: level == c.level, level: level, left: c.path[level].block, right: c.pages}
	if s.root {
		s.parent = s.right + 1
	} else {
		s.parent = c.path[level+1].block
	}
	c.child = uint32(level)
	if err := c.page(s.left, seeSplit); err != nil {
		return err
	}
	s.kept, s.separator = int(c.child), c.old

	c.main = appendSplit(c.main[:0], f, s)
	blocks := c.blocks[:0]
	blocks = append(blocks, rmgr.NewBlock{Rel: relation, Block: metaBlock})
	left := rmgr.NewBlock{Rel: relation, Block: s.left}
	right := rmgr.NewBlock{Rel: relation, Block: s.right, WillInit: true, Data: c.data}
	parent := rmgr.NewBlock{Rel: relation, Block: s.parent, WillInit: s.root}
	switch {
	case s.root:
		blocks = append(blocks, left, right, parent)
	case s.left < s.parent:
		blocks = append(blocks, left, parent, right)
	default:
		blocks = append(blocks, parent, left, right)
	}
	_, err := c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opSplit, Main: c.main, Blocks: blocks})
	return err
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

// remove deletes c.key, which find has just found.
func (c *cursor) remove(f rmgr.Format) error {
	_, err := c.emitChange(f, opDelete, "")
	return err
}
