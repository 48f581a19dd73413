package ledger

import (
	"fmt"

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
