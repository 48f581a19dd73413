package ledger

import (
	"fmt"
	"math"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

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
