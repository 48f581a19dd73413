package waldump

import "github.com/redoubt-wal/redoubt/wal"

// A Filter picks records: those that fit all that is set. The zero value picks every one.
type Filter struct {
	Rmgrs    *[256]bool
	Xid      *uint32
	FullPage bool // only records with a page image

	// A record fits if one of its block references fits all three.
	Relation *wal.RelFileLocator
	Block    *uint32
	Fork     *wal.ForkNumber
}

func (f *Filter) fits(rec *wal.Record) bool {
	switch {
	case f.Rmgrs != nil && !f.Rmgrs[rec.Rmgr]:
		return false
	case f.Xid != nil && *f.Xid != rec.Xid:
		return false
	case (f.Relation != nil || f.Block != nil || f.Fork != nil) && !anyBlock(rec, f.fitsBlock):
		return false
	}
	return !f.FullPage || anyBlock(rec, (*wal.BlockRef).HasImage)
}

func (f *Filter) fitsBlock(b *wal.BlockRef) bool {
	return (f.Relation == nil || *f.Relation == b.Rel) && (f.Block == nil || *f.Block == b.Block) && (f.Fork == nil || *f.Fork == b.Fork)
}

func anyBlock(rec *wal.Record, fits func(*wal.BlockRef) bool) bool {
	for i := range rec.Blocks {
		if fits(&rec.Blocks[i]) {
			return true
		}
	}
	return false
}
