package kv

import (
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// emitExchange sets c.key to value, or deletes it (keep is false), where the old or the new value is
// on a chain. A new chain is written first, by records of its own, and waits on the meta page: until
// the last record the tree does not know it, and a broken-off one is freed by the next write.
func (c *cursor) emitExchange(f rmgr.Format, value string, keep bool) (wal.LSN, error) {
	if f < 2 {
		return 0, &rmgr.Error{Code: "55000", Message: "the value of this key is on pages of its own, which records of format 1 cannot free",
			Hint: "Load a version of the module kv that writes format 2."}
	}
	x := exchange{leaf: c.path[0].block, key: c.key, old: c.old, from: c.chain}
	switch {
	case c.long:
		x.was = onChain
	case c.found:
		x.was = inline
	}
	switch {
	case keep && len(c.key)+len(value) > maxPair:
		x.is = onChain
		to, err := c.writeChain(f, value)
		if err != nil {
			return 0, err
		}
		x.to = to
	case keep:
		x.is = inline
		c.data = append(c.data[:0], value...)
		x.value = c.data
	}
	blocks := append(c.blocks[:0], rmgr.NewBlock{Rel: relation, Block: metaBlock}, rmgr.NewBlock{Rel: relation, Block: x.leaf})
	if x.was == onChain {
		x.free = c.free.head
		blocks = append(blocks, rmgr.NewBlock{Rel: relation, Block: x.from.tail})
	}
	c.main = appendExchange(c.main[:0], f, x)
	lsn, err := c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opExchange, Main: c.main, Blocks: ascending(blocks)})
	if err == nil && x.was == onChain {
		c.free = list{head: x.from.head, pages: c.free.pages + uint32(x.from.pages())}
	}
	return lsn, err
}

// writeChain writes a value's pages, the last ones first, so that each knows where the next one is.
func (c *cursor) writeChain(f rmgr.Format, value string) (chain, error) {
	out := chain{length: uint32(len(value))}
	for end := pagesOf(len(value)); end > 0; {
		begin := (end - 1) / runPages * runPages
		r := run{total: out.length, offset: uint32(begin * chunk), next: out.head}
		blocks := append(c.run[:0], rmgr.NewBlock{Rel: relation, Block: metaBlock})
		for range end - begin {
			block, err := c.take(f, &r.reused)
			if err != nil {
				return out, err
			}
			blocks = append(blocks, rmgr.NewBlock{Rel: relation, Block: block, WillInit: true})
		}
		r.free = c.free.head
		c.run = ascending(blocks)
		c.data = slices.Grow(c.data[:0], runPages*chunk)
		for i := range blocks[1:] {
			from := len(c.data)
			at := int(r.offset) + i*chunk
			c.data = append(c.data, value[at:at+r.size(i)]...)
			blocks[i+1].Data = c.data[from:]
		}
		c.main = appendRun(c.main[:0], f, r)
		if _, err := c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opChain, Main: c.main, Blocks: blocks}); err != nil {
			return out, err
		}
		if out.head = blocks[1].Block; out.tail == 0 {
			out.tail = blocks[len(blocks)-1].Block
		}
		end = begin
	}
	return out, nil
}

// emitRelease frees the pending chain.
func (c *cursor) emitRelease(f rmgr.Format) error {
	c.main = appendRelease(c.main[:0], f, release{pending: c.pending, free: c.free.head})
	blocks := append(c.blocks[:0], rmgr.NewBlock{Rel: relation, Block: metaBlock}, rmgr.NewBlock{Rel: relation, Block: c.pending.tail})
	_, err := c.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: opRelease, Main: c.main, Blocks: blocks})
	return err
}

// readChain shows a value piece by piece, until each returns false.
func (c *cursor) readChain(ch chain, each func(data []byte) bool) error {
	left, more := int(ch.length), true
	see := func(c *cursor, page []byte) error {
		if err := seeNext(c, page); err != nil {
			return err
		}
		data := link(page).data()
		if len(data) != min(left, chunk) {
			return damaged("it has %d bytes of a value that lacks %d", len(data), left)
		}
		left -= len(data)
		more = each(data)
		return nil
	}
	for block := ch.head; left > 0 && more; block = c.child {
		if block == metaBlock || block >= c.pages {
			return broken(block, damaged("a value lacks %d bytes", left))
		}
		if err := c.page(block, see); err != nil {
			return err
		}
	}
	return nil
}

// longText is a value on a chain.
func (c *cursor) longText(ch chain) (string, error) {
	var b strings.Builder
	b.Grow(min(int(ch.length), int(c.pages)*chunk))
	err := c.readChain(ch, func(data []byte) bool { b.Write(data); return true })
	return b.String(), err
}

// equals compares the found value with a string.
func (c *cursor) equals(s string) (bool, error) {
	switch {
	case !c.found:
		return false, nil
	case !c.long:
		return string(c.old) == s, nil
	case int(c.chain.length) != len(s):
		return false, nil
	}
	same := true
	err := c.readChain(c.chain, func(data []byte) bool {
		same = s[:len(data)] == string(data)
		s = s[len(data):]
		return same
	})
	return same, err
}
