package ledger

import (
	"fmt"
	"math"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// manager is the ledger resource manager.
type manager struct{}

func (manager) Name() string               { return "ledger" }
func (manager) Identify(info uint8) string { return identify(info) }

// Redo applies one record: parse, get the pages, check all, then change.
func (manager) Redo(ctx rmgr.RedoContext, rec *wal.Record) error {
	if len(rec.Main) == 0 {
		return errMalformed(rec)
	}
	if f := rmgr.Format(rec.Main[0]); f != format || ctx.Format() != 0 && ctx.Format() != f {
		return fmt.Errorf("ledger: record in format %d, format %d is in force: version %s replays format %d", f, ctx.Format(), version, format)
	}
	switch rec.Op() {
	case opInit:
		return redoInit(ctx, rec)
	case opOpen:
		return redoOpen(ctx, rec)
	case opTransfer:
		return redoTransfer(ctx, rec)
	case opSplit:
		return redoSplit(ctx, rec)
	case opDeepen:
		return redoDeepen(ctx, rec)
	}
	return fmt.Errorf("ledger has no operation %02X", rec.Op())
}

// A target is one page of a record; todo says whether this redo has to change it.
type target struct {
	page []byte
	todo bool
}

// get fetches the page of a block, which must be one of ours and, if it is to be changed, pass check.
func get(ctx rmgr.RedoContext, rec *wal.Record, block uint32, fresh bool, check func([]byte) error) (target, error) {
	for i := range rec.Blocks {
		if b := &rec.Blocks[i]; b.Block == block {
			return getRef(ctx, rec, b, fresh, check)
		}
	}
	return target{}, errMalformed(rec)
}

func getRef(ctx rmgr.RedoContext, rec *wal.Record, ref *wal.BlockRef, fresh bool, check func([]byte) error) (target, error) {
	if ref.Rel != relation || ref.Fork != wal.ForkMain || ref.WillInit != fresh {
		return target{}, errMalformed(rec)
	}
	b, action, err := ctx.Block(rec, ref.ID)
	if err != nil || action != rmgr.NeedsRedo {
		return target{}, err
	}
	if len(b) != page.Size {
		return target{}, damaged("block %d has %d bytes", ref.Block, len(b))
	}
	if !fresh {
		err = check(b)
	}
	return target{page: b, todo: true}, err
}

func checkMeta(b []byte) error      { return meta(b).check() }
func checkDirectory(b []byte) error { return directory(b).check() }
func checkBucket(b []byte) error    { return bucket(b).check() }

func redoInit(ctx rmgr.RedoContext, rec *wal.Record) error {
	if len(rec.Main) != 1 || len(rec.Blocks) != 3 {
		return errMalformed(rec)
	}
	var pages [3]target
	for i := range pages {
		var err error
		if pages[i], err = get(ctx, rec, uint32(i), true, nil); err != nil {
			return err
		}
	}
	if pages[0].todo {
		initMeta(pages[0].page)
	}
	if pages[1].todo {
		initDirectory(pages[1].page, 0, 2)
	}
	if pages[2].todo {
		initBucket(pages[2].page, 0)
	}
	return nil
}

func redoOpen(ctx rmgr.RedoContext, rec *wal.Record) error {
	o, err := parseOpening(rec)
	if err != nil {
		return err
	}
	if len(rec.Blocks) != 2 || rec.Blocks[1].Block == metaBlock {
		return errMalformed(rec)
	}
	top, err := get(ctx, rec, metaBlock, false, checkMeta)
	if err != nil {
		return err
	}
	home, err := getRef(ctx, rec, &rec.Blocks[1], false, checkBucket)
	if err != nil {
		return err
	}
	if top.todo {
		if _, err := plus(meta(top.page).total(), o.balance); err != nil {
			return err
		}
	}
	if home.todo {
		b, h := bucket(home.page), hash(o.name)
		if b.count() >= maxSlots {
			return damaged("bucket is full")
		}
		if b.find(h, o.name) >= 0 {
			return exists(o.name)
		}
		n := b.count()
		ctx.Keep(b[12:14])
		ctx.Keep(b.slot(n))
		b.setCount(n + 1)
		b.slot(n).fill(h, o.balance, o.name)
	}
	keepMeta(ctx, top)
	if top.todo {
		m := meta(top.page)
		m.setAccounts(m.accounts() + 1)
		m.setTotal(m.total() + o.balance)
	}
	return nil
}

func redoTransfer(ctx rmgr.RedoContext, rec *wal.Record) error {
	t, err := parseTransfer(rec)
	if err != nil {
		return err
	}
	want := 1
	if t.srcRef != t.dstRef {
		want = 2
	}
	if len(rec.Blocks) != want || int(t.srcRef) >= want || int(t.dstRef) >= want ||
		want == 2 && rec.Blocks[0].Block == rec.Blocks[1].Block {
		return errMalformed(rec)
	}
	from, err := getRef(ctx, rec, &rec.Blocks[t.srcRef], false, checkBucket)
	if err != nil {
		return err
	}
	to := from
	if want == 2 {
		if to, err = getRef(ctx, rec, &rec.Blocks[t.dstRef], false, checkBucket); err != nil {
			return err
		}
	}
	var src, dst slot
	var less, more int64
	if from.todo {
		if src, err = account(from.page, t.srcSlot, t.src); err != nil {
			return err
		}
		if less, err = minus(t.src, src.balance(), t.amount); err != nil {
			return err
		}
	}
	if to.todo {
		if dst, err = account(to.page, t.dstSlot, t.dst); err != nil {
			return err
		}
		if more, err = plus(dst.balance(), t.amount); err != nil {
			return err
		}
	}
	if from.todo {
		ctx.Keep(src[8:16])
		src.setBalance(less)
	}
	if to.todo {
		ctx.Keep(dst[8:16])
		dst.setBalance(more)
	}
	return nil
}

// account is the slot that a record names, if it is that account's.
func account(b bucket, i int, name []byte) (slot, error) {
	if i >= b.count() || string(b.slot(i).name()) != string(name) {
		return nil, damaged("slot %d is not account %q", i, name)
	}
	return b.slot(i), nil
}

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

func plus(balance, amount int64) (int64, error) {
	if amount > math.MaxInt64-balance {
		return 0, &rmgr.Error{Code: "22003", Message: "bigint out of range",
			Detail: fmt.Sprintf("%d and %d together do not fit.", balance, amount)}
	}
	return balance + amount, nil
}

func minus(name []byte, balance, amount int64) (int64, error) {
	if amount > balance {
		return 0, &rmgr.Error{Code: "23514", Message: fmt.Sprintf("account %q would be overdrawn", name),
			Detail: fmt.Sprintf("It holds %d, the transfer asks for %d.", balance, amount)}
	}
	return balance - amount, nil
}

func exists(name []byte) error {
	return &rmgr.Error{Code: "23505", Message: fmt.Sprintf("account %q exists already", name)}
}
