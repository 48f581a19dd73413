package kv

import (
	"bytes"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func redoChain(ctx rmgr.RedoContext, rec *wal.Record) error {
	_, r, err := parseRun(rec.Main)
	if err != nil {
		return err
	}
	n := len(rec.Blocks) - 1
	if n < 1 || n > runPages || r.reused > n || (r.next == 0) != (int(r.offset)+n*chunk >= int(r.total)) {
		return errMalformed(opChain, len(rec.Main))
	}
	top, err := getMeta(ctx, rec)
	if err != nil {
		return err
	}
	if top.todo {
		if err := checkRun(top.page, r, rec.Blocks[1:]); err != nil {
			return err
		}
	}
	var pages [runPages]target
	for i := range rec.Blocks[1:] {
		ref := &rec.Blocks[i+1]
		if ref.Block <= rec.Blocks[i].Block || r.size(i) == 0 || len(ref.Data) != r.size(i) || r.next == ref.Block {
			return errMalformed(opChain, len(rec.Main))
		}
		if pages[i], err = get(ctx, rec, ref.Block, true); err != nil {
			return err
		}
	}

	for i := range n {
		if pages[i].todo {
			next := r.next
			if i+1 < n {
				next = rec.Blocks[i+2].Block
			}
			initLink(pages[i].page, next, rec.Blocks[i+1].Data)
		}
	}
	if top.todo {
		keepMeta(ctx, top)
		runMeta(top.page, r, rec.Blocks[1:])
	}
	return nil
}

func checkRun(m meta, r run, blocks []wal.BlockRef) error {
	pending := m.pending()
	if pending.head != r.next || int(pending.pages) != pagesOf(int(r.total))-int(r.offset/chunk)-len(blocks) {
		return damaged("pages for a value of %d bytes at %d, %d pages wait at block %d", r.total, r.offset, pending.pages, pending.head)
	}
	if uint64(m.pages())+uint64(len(blocks)) > 1<<32-3 {
		return damaged("no block numbers are left")
	}
	for i, b := range blocks[r.reused:] {
		if b.Block != m.pages()+uint32(i) {
			return damaged("new page %d, the next new one is %d", b.Block, m.pages()+uint32(i))
		}
	}
	if r.reused == 0 {
		if r.free != m.free().head {
			return damaged("the free list begins with %d, not %d", m.free().head, r.free)
		}
		return nil
	}
	for _, b := range blocks[:r.reused] {
		if b.Block == m.free().head {
			return checkTaken(m, b.Block, r.reused, r.free)
		}
	}
	return damaged("pages are taken from the free list, and its head %d is not one", m.free().head)
}

func runMeta(m meta, r run, blocks []wal.BlockRef) {
	pending := m.pending()
	if r.next == 0 {
		pending.tail = blocks[len(blocks)-1].Block
	}
	pending.head = blocks[0].Block
	pending.pages += uint32(len(blocks))
	m.setPages(m.pages() + uint32(len(blocks)-r.reused))
	m.setPending(pending)
	m.setFree(list{head: r.free, pages: m.free().pages - uint32(r.reused)})
}

func redoRelease(ctx rmgr.RedoContext, rec *wal.Record) error {
	_, r, err := parseRelease(rec.Main)
	if err != nil {
		return err
	}
	if len(rec.Blocks) != 2 {
		return errMalformed(opRelease, len(rec.Main))
	}
	top, err := getMeta(ctx, rec)
	if err != nil {
		return err
	}
	tail, err := get(ctx, rec, r.pending.tail, false)
	if err != nil {
		return err
	}
	if top.todo {
		if m := meta(top.page); m.pending() != r.pending || m.free().head != r.free {
			return damaged("pending %v and free %v, the record has %v and %d", m.pending(), m.free(), r.pending, r.free)
		}
	}
	if tail.todo {
		if err := link(tail.page).checkNext(0); err != nil {
			return err
		}
	}

	keepMeta(ctx, top)
	keepNext(ctx, tail)
	if top.todo {
		meta(top.page).setPending(list{})
		addFree(top.page, r.pending)
	}
	if tail.todo {
		link(tail.page).setNext(r.free)
	}
	return nil
}

func redoExchange(ctx rmgr.RedoContext, rec *wal.Record) error {
	_, x, err := parseExchange(rec.Main)
	if err != nil {
		return err
	}
	want := 2
	if x.was == onChain {
		want = 3
	}
	if len(rec.Blocks) != want {
		return errMalformed(opExchange, len(rec.Main))
	}
	top, err := getMeta(ctx, rec)
	if err != nil {
		return err
	}
	leaf, err := get(ctx, rec, x.leaf, false)
	if err != nil {
		return err
	}
	var tail target
	if x.was == onChain {
		if tail, err = get(ctx, rec, x.from.tail, false); err != nil {
			return err
		}
	}
	if top.todo {
		if err := checkExchangeMeta(top.page, x); err != nil {
			return err
		}
	}
	if tail.todo {
		if err := link(tail.page).checkNext(0); err != nil {
			return err
		}
	}
	if leaf.todo {
		if err := exchangeInLeaf(ctx, leaf.page, x); err != nil {
			return err
		}
	}

	keepMeta(ctx, top)
	keepNext(ctx, tail)
	if tail.todo {
		link(tail.page).setNext(x.free)
	}
	if top.todo {
		m := meta(top.page)
		count(m, x.was == nothing, x.is == nothing)
		if x.is == onChain {
			m.setPending(list{})
		}
		if x.was == onChain {
			addFree(m, x.from.list())
		}
	}
	return nil
}

func checkExchangeMeta(m meta, x exchange) error {
	switch {
	case x.is == nothing && m.count() == 0:
		return damaged("delete from a store that counts no keys")
	case x.is == onChain && m.pending() != x.to.list():
		return damaged("value at %v, pending is %v", x.to.list(), m.pending())
	case x.was == onChain && m.free().head != x.free:
		return damaged("the free list begins with %d, not %d", m.free().head, x.free)
	case x.was == onChain && (x.from.head >= m.pages() || x.from.tail >= m.pages()):
		return damaged("old value at %v of %d pages", x.from.list(), m.pages())
	}
	return nil
}

// exchangeInLeaf changes the item, or nothing and gives an error.
func exchangeInLeaf(ctx rmgr.RedoContext, leaf node, x exchange) error {
	pos, found, err := placeInLeaf(leaf, opExchange, x.key, x.was != nothing)
	if err != nil {
		return err
	}
	if found {
		_, old, long, err := leaf.pair(pos)
		switch {
		case err != nil:
			return err
		case long != (x.was == onChain) || !bytes.Equal(old, x.old):
			return damaged("%s of a value that is not there", identify(opExchange))
		}
	}
	if !found {
		keepHole(ctx, leaf, 2+len(x.key)+len(x.value))
	}
	head := uint16(len(x.key))
	if x.is == onChain {
		head |= chained
	}
	return replace(ctx, leaf, pos, found, x.is != nothing, head, x.key, x.value)
}
