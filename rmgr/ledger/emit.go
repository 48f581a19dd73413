package ledger

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

func (f *finder) emit(op uint8, blocks int) (wal.LSN, error) {
	return f.s.Emit(rmgr.NewRecord{Rmgr: ID, Info: op, Main: f.main, Blocks: f.blocks[:blocks]})
}

func checkName(name string) error {
	switch {
	case name == "":
		return &rmgr.Error{Code: "22023", Message: "an account must have a name"}
	case len(name) > maxName:
		return &rmgr.Error{Code: "22001", Message: fmt.Sprintf("account name has %d bytes, ledger keeps at most %d", len(name), maxName)}
	}
	return nil
}

// openAccount makes an account with a balance to begin with.
func (f *finder) openAccount(name string, balance int64) (wal.LSN, error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	if balance < 0 {
		return 0, &rmgr.Error{Code: "22023", Message: fmt.Sprintf("an account cannot begin with the balance %d", balance)}
	}
	f.names[0] = append(f.names[0][:0], name...)
	for {
		if err := f.find(f.names[0]); err != nil {
			return 0, err
		}
		var err error
		switch {
		case f.empty:
			err = f.emitInit()
		case f.at.slot >= 0:
			err = exists(f.name)
		case f.at.count < maxSlots:
			f.main = opening{balance: balance, name: f.name}.append(f.main[:0])
			f.blocks[0] = rmgr.NewBlock{Rel: relation, Block: metaBlock}
			f.blocks[1] = rmgr.NewBlock{Rel: relation, Block: f.at.bucket}
			return f.emit(opOpen, 2)
		case f.at.depth == bits*(f.at.level+1):
			err = f.emitDeepen()
		default:
			err = f.emitSplit()
		}
		if err != nil {
			return 0, err
		}
	}
}

func (f *finder) emitInit() error {
	f.main = append(f.main[:0], format)
	for i := range 3 {
		f.blocks[i] = rmgr.NewBlock{Rel: relation, Block: uint32(i), WillInit: true}
	}
	_, err := f.emit(opInit, 3)
	return err
}

// emitDeepen gives the full bucket, which has one entry left, a directory of its own.
func (f *finder) emitDeepen() error {
	if f.at.level+1 >= maxLevels {
		return &rmgr.Error{Code: "54000", Message: fmt.Sprintf("too many account names with the hash of %q", f.name)}
	}
	g := growth{number: f.at.level + 1, entry: entryOf(f.hash, f.at.level), directory: f.at.directory, bucket: f.at.bucket, fresh: f.pages}
	f.main = g.append(f.main[:0])
	f.blocks[0] = rmgr.NewBlock{Rel: relation, Block: metaBlock}
	f.blocks[1] = rmgr.NewBlock{Rel: relation, Block: g.directory}
	f.blocks[2] = rmgr.NewBlock{Rel: relation, Block: g.fresh, WillInit: true}
	_, err := f.emit(opDeepen, 3)
	return err
}

// emitSplit moves the accounts whose next hash bit is 1 to a new bucket.
func (f *finder) emitSplit() error {
	g := growth{number: f.at.depth + 1, directory: f.at.directory, bucket: f.at.bucket, fresh: f.pages}
	span := g.span()
	g.entry = entryOf(f.hash, f.at.level)/span/2*2*span + span
	if err := f.page(g.bucket, seeHigh); err != nil {
		return err
	}
	f.main = g.append(f.main[:0])
	dir := rmgr.NewBlock{Rel: relation, Block: g.directory}
	old := rmgr.NewBlock{Rel: relation, Block: g.bucket}
	if g.bucket < g.directory {
		dir, old = old, dir
	}
	f.blocks[0] = rmgr.NewBlock{Rel: relation, Block: metaBlock}
	f.blocks[1], f.blocks[2] = dir, old
	f.blocks[3] = rmgr.NewBlock{Rel: relation, Block: g.fresh, WillInit: true, Data: f.data}
	_, err := f.emit(opSplit, 4)
	return err
}

// seeHigh copies the slots that a split of the bucket moves.
func seeHigh(f *finder, page []byte) error {
	b := bucket(page)
	if err := b.check(); err != nil {
		return err
	}
	f.data = f.data[:0]
	for i := range b.count() {
		if s := b.slot(i); high(s, f.at.depth+1) {
			f.data = append(f.data, s...)
		}
	}
	return nil
}

// transfer moves an amount between two accounts.
func (f *finder) transfer(src, dst string, amount int64) (wal.LSN, error) {
	if amount <= 0 {
		return 0, &rmgr.Error{Code: "22023", Message: fmt.Sprintf("cannot transfer the amount %d", amount), Hint: "An amount is 1 or more."}
	}
	if src == dst {
		return 0, &rmgr.Error{Code: "22023", Message: fmt.Sprintf("cannot transfer from account %q to itself", src)}
	}
	from, err := f.locate(0, src)
	if err != nil {
		return 0, err
	}
	to, err := f.locate(1, dst)
	if err != nil {
		return 0, err
	}
	if _, err := minus(f.names[0], from.balance, amount); err != nil {
		return 0, err
	}
	t := transfer{srcSlot: from.slot, dstSlot: to.slot, amount: amount, src: f.names[0], dst: f.names[1]}
	f.blocks[0] = rmgr.NewBlock{Rel: relation, Block: from.bucket}
	count := 1
	if from.bucket != to.bucket {
		count, t.dstRef = 2, 1
		f.blocks[1] = rmgr.NewBlock{Rel: relation, Block: to.bucket}
		if to.bucket < from.bucket {
			t.srcRef, t.dstRef = 1, 0
			f.blocks[0], f.blocks[1] = f.blocks[1], f.blocks[0]
		}
	}
	f.main = t.append(f.main[:0])
	return f.emit(opTransfer, count)
}

// locate finds an account that has to be there; which says whose name buffer to use.
func (f *finder) locate(which int, name string) (place, error) {
	f.names[which] = append(f.names[which][:0], name...)
	if err := f.find(f.names[which]); err != nil {
		return place{}, err
	}
	if f.at.slot < 0 {
		return place{}, &rmgr.Error{Code: "P0002", Message: fmt.Sprintf("account %q does not exist", name)}
	}
	return f.at, nil
}
