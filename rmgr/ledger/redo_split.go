package ledger

import (
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

func redoSplit(ctx rmgr.RedoContext, rec *wal.Record) error {
	g, err := parseGrowth(rec)
	if err != nil {
		return err
	}
	if len(rec.Blocks) != 4 || g.entry%g.span() != 0 || g.entry/g.span()%2 != 1 {
		return errMalformed(rec)
	}
	top, err := get(ctx, rec, metaBlock, false, checkMeta)
	if err != nil {
		return err
	}
	dir, err := get(ctx, rec, g.directory, false, checkDirectory)
	if err != nil {
		return err
	}
	old, err := get(ctx, rec, g.bucket, false, checkBucket)
	if err != nil {
		return err
	}
	fresh, err := get(ctx, rec, g.fresh, true, nil)
	if err != nil {
		return err
	}
	moved := slotsOf(rec, g.fresh)
	if top.todo && meta(top.page).pages() != g.fresh {
		return damaged("new block %d, the next is %d", g.fresh, meta(top.page).pages())
	}
	if dir.todo {
		d := directory(dir.page)
		if d.level() != (g.number-1)/bits {
			return damaged("directory of level %d for depth %d", d.level(), g.number)
		}
		for i := range g.span() {
			if d.at(g.entry+i) != g.bucket {
				return damaged("entry %d leads to block %d, not to %d", g.entry+i, d.at(g.entry+i), g.bucket)
			}
		}
	}
	if old.todo {
		b := bucket(old.page)
		if b.depth() != g.number-1 || countHigh(b, g.number) != len(moved)/slotSize {
			return damaged("bucket of depth %d does not match its split", b.depth())
		}
	}
	if (old.todo || fresh.todo) && !soundSlots(moved, g.number) {
		return errMalformed(rec)
	}

	keepMeta(ctx, top)
	keepPage(ctx, dir)
	keepPage(ctx, old)
	if top.todo {
		meta(top.page).setPages(g.fresh + 1)
	}
	if dir.todo {
		for i := range g.span() {
			directory(dir.page).set(g.entry+i, g.fresh)
		}
	}
	if old.todo {
		dropHigh(old.page, g.number)
	}
	if fresh.todo {
		initBucket(fresh.page, g.number)
		copy(fresh.page[page.HeaderSize:], moved)
		bucket(fresh.page).setCount(len(moved) / slotSize)
	}
	return nil
}

func slotsOf(rec *wal.Record, block uint32) []byte {
	for i := range rec.Blocks {
		if rec.Blocks[i].Block == block {
			return rec.Blocks[i].Data
		}
	}
	return nil
}

// soundSlots reports whether block data is made of slots that belong into a new bucket.
func soundSlots(data []byte, depth int) bool {
	if len(data)%slotSize != 0 || len(data) > maxSlots*slotSize {
		return false
	}
	for ; len(data) > 0; data = data[slotSize:] {
		if s := slot(data[:slotSize]); !high(s, depth) || s.balance() < 0 || s.hash() != hash(s.name()) {
			return false
		}
	}
	return true
}

// high reports whether a slot goes to the new bucket when depth bits count.
func high(s slot, depth int) bool { return s.hash()>>(64-depth)&1 == 1 }

func countHigh(b bucket, depth int) (n int) {
	for i := range b.count() {
		if high(b.slot(i), depth) {
			n++
		}
	}
	return n
}

func dropHigh(b bucket, depth int) {
	kept := 0
	for i := range b.count() {
		if s := b.slot(i); !high(s, depth) {
			copy(b.slot(kept), s)
			kept++
		}
	}
	clear(b[page.HeaderSize+kept*slotSize : page.Lower(b)])
	b.setCount(kept)
	b.setDepth(depth)
}

func redoDeepen(ctx rmgr.RedoContext, rec *wal.Record) error {
	g, err := parseGrowth(rec)
	if err != nil {
		return err
	}
	if len(rec.Blocks) != 3 {
		return errMalformed(rec)
	}
	top, err := get(ctx, rec, metaBlock, false, checkMeta)
	if err != nil {
		return err
	}
	dir, err := get(ctx, rec, g.directory, false, checkDirectory)
	if err != nil {
		return err
	}
	fresh, err := get(ctx, rec, g.fresh, true, nil)
	if err != nil {
		return err
	}
	if top.todo && meta(top.page).pages() != g.fresh {
		return damaged("new block %d, the next is %d", g.fresh, meta(top.page).pages())
	}
	if dir.todo {
		if d := directory(dir.page); d.level() != g.number-1 || d.at(g.entry) != g.bucket {
			return damaged("entry %d of a directory of level %d does not lead to block %d", g.entry, d.level(), g.bucket)
		}
	}
	keepMeta(ctx, top)
	keepPage(ctx, dir)
	if top.todo {
		meta(top.page).setPages(g.fresh + 1)
	}
	if dir.todo {
		directory(dir.page).set(g.entry, g.fresh)
	}
	if fresh.todo {
		initDirectory(fresh.page, g.number, g.bucket)
	}
	return nil
}
