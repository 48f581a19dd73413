package ledger

import (
	"strconv"
	"sync"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// A finder looks accounts up. It remembers numbers and copies, never page bytes. Finders are pooled,
// and their one callback is bound once, so that a call allocates nothing here.
type finder struct {
	s    rmgr.Session
	look func([]byte)
	see  func(*finder, []byte) error
	err  error

	empty    bool // nothing was ever opened
	pages    uint32
	accounts uint64
	total    int64

	name []byte
	hash uint64
	at   place
	next uint32

	names  [2][]byte
	main   []byte
	data   []byte
	blocks [4]rmgr.NewBlock
}

// A place is where an account is or would be.
type place struct {
	directory uint32 // the one that leads to the bucket
	level     int
	bucket    uint32
	depth     int
	count     int
	slot      int // -1: not there
	balance   int64
}

var finders = sync.Pool{New: func() any {
	f := new(finder)
	f.look = func(b []byte) { f.err = f.see(f, b) }
	return f
}}

func open(s rmgr.Session) *finder {
	f := finders.Get().(*finder)
	f.s = s
	return f
}

func (f *finder) close() {
	f.s, f.err = nil, nil
	f.blocks = [4]rmgr.NewBlock{}
	finders.Put(f)
}

func (f *finder) page(block uint32, see func(*finder, []byte) error) error {
	f.see, f.err = see, nil
	ok, err := f.s.Page(relation, wal.ForkMain, block, f.look)
	switch {
	case err != nil:
		return err
	case !ok:
		return broken(block, damaged("it does not exist"))
	case f.err != nil:
		return broken(block, f.err)
	}
	return nil
}

// broken is the error of a call that met a damaged page.
func broken(block uint32, err error) error {
	return &rmgr.Error{Code: "XX001", Message: "the ledger is damaged", Detail: err.Error(),
		Hint: "Stop the instance and let the operator clone it anew; block " + strconv.FormatUint(uint64(block), 10) + " is the one."}
}

// readMeta learns the sums; f.empty if there is nothing yet.
func (f *finder) readMeta() error {
	f.empty, f.err = true, nil
	f.see = seeMeta
	ok, err := f.s.Page(relation, wal.ForkMain, metaBlock, f.look)
	if err == nil && ok && f.err != nil {
		err = broken(metaBlock, f.err)
	}
	return err
}

func seeMeta(f *finder, b []byte) error {
	if len(b) == page.Size && page.IsNew(b) {
		return nil
	}
	m := meta(b)
	if err := m.check(); err != nil {
		return err
	}
	f.empty, f.pages, f.accounts, f.total = false, m.pages(), m.accounts(), m.total()
	return nil
}

// find goes through the directories to the bucket of a name.
func (f *finder) find(name []byte) error {
	f.name, f.hash = name, hash(name)
	f.at = place{slot: -1}
	if err := f.readMeta(); err != nil || f.empty {
		return err
	}
	f.next = rootBlock
	for level := range maxLevels {
		f.at.directory, f.at.level = f.next, level
		if err := f.page(f.next, seeDirectory); err != nil {
			return err
		}
		if err := f.page(f.next, seeBucket); err != nil {
			return err
		}
		if f.at.bucket != 0 {
			return nil
		}
	}
	return broken(f.next, damaged("directories do not end"))
}

func seeDirectory(f *finder, b []byte) error {
	d := directory(b)
	if err := d.check(); err != nil {
		return err
	}
	if d.level() != f.at.level {
		return damaged("level %d where %d was expected", d.level(), f.at.level)
	}
	next := d.at(entryOf(f.hash, d.level()))
	if next <= rootBlock || next >= f.pages {
		return damaged("an entry leads to block %d of %d", next, f.pages)
	}
	f.next = next
	return nil
}

// seeBucket looks for the account, or leaves f.at.bucket zero if this is another directory.
func seeBucket(f *finder, page []byte) error {
	if kindOf(page) == kindDirectory {
		return nil
	}
	b := bucket(page)
	if err := b.check(); err != nil {
		return err
	}
	if low := bits * f.at.level; b.depth() < low || b.depth() > low+bits {
		return damaged("bucket of depth %d below a directory of level %d", b.depth(), f.at.level)
	}
	f.at.bucket, f.at.depth, f.at.count, f.at.slot = f.next, b.depth(), b.count(), b.find(f.hash, f.name)
	if f.at.slot >= 0 {
		f.at.balance = b.slot(f.at.slot).balance()
	}
	return nil
}
