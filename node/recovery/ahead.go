package recovery

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
)

// Ahead reads records before they are applied, a page of the log at a time, so that the data pages they
// name can be brought near meanwhile. It does not allocate once it has read a while.
//
//	read      first │ NextHere … │
//	pin       the pages they name that are in the pool; their headers come near
//	foresee   the places that redo will look at, in rounds, for all records in each
//	apply     one record after the other, which finds its pages among the pins
type Ahead struct {
	records [ahead]wal.Record
	looks   []look
	tags    [buffer.Together]buffer.Tag
	pages   [buffer.Together]*buffer.Buffer
	at      []uint16
	until   wal.LSN // Each reads no record that starts here or later; 0: no limit
}

// ahead is how many records are read before the first of them is applied, at most: about a page of
// small ones.
const ahead = 64

// A look is a page that a record names.
type look struct {
	rec *wal.Record
	ref *wal.BlockRef
}

// Read reads the records that follow first, which the reader has returned last, on its page. They and
// first stay valid until the reader's next Next. It is called from a's goroutine, as Apply is.
func (a *Ahead) Read(r *wal.Reader, first *wal.Record, by *Applier) []wal.Record {
	n := 0
	for n < ahead && (a.until == 0 || r.End() < a.until) && r.NextHere(&a.records[n]) {
		n++
	}
	records := a.records[:n]
	a.list(first, records, by)
	for looks := a.looks; len(looks) > 0; {
		n := min(len(looks), buffer.Together, by.Pool.Size()/(4*max(by.Share.Of, 1)))
		a.bringNear(looks[:n], by)
		looks = looks[n:]
	}
	return records
}

// Each calls do for the records that start before until, which is the end of a record that is there or of a
// page, having read those of a page before the first of them. Whatever log comes meanwhile, all who replay up
// to the same place do the same records.
func (a *Ahead) Each(ctx context.Context, r *wal.Reader, until wal.LSN, by *Applier, do func(*wal.Record) error) error {
	a.until = until
	defer func() { a.until = 0 }()
	for r.End() < until {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		first, err := r.Next()
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		rest := a.Read(r, first, by)
		if err := do(first); err != nil {
			return err
		}
		for i := range rest {
			if err := do(&rest[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// list lists the pages of by's share that the records name, without those that the record before names
// in the same place.
func (a *Ahead) list(last *wal.Record, records []wal.Record, by *Applier) {
	a.looks = a.looks[:0]
	for j := range last.Blocks {
		if ref := &last.Blocks[j]; by.has(ref) {
			a.looks = append(a.looks, look{last, ref})
		}
	}
	for i := range records {
		rec := &records[i]
		for j := range rec.Blocks {
			ref := &rec.Blocks[j]
			if j < len(last.Blocks) && last.Blocks[j].Block == ref.Block && last.Blocks[j].Rel == ref.Rel {
				continue
			}
			if by.has(ref) {
				a.looks = append(a.looks, look{rec, ref})
			}
		}
		last = rec
	}
}

// bringNear pins the pages of looks and brings near what redo will look at in them. Nobody else changes
// pages during replay, so a pin is enough to look at them.
func (a *Ahead) bringNear(looks []look, by *Applier) {
	for i, l := range looks {
		a.tags[i] = buffer.Tag{Rel: l.ref.Rel, Fork: l.ref.Fork, Block: l.ref.Block}
	}
	pages := a.pages[:len(looks)]
	by.Pool.PinHere(a.tags[:len(looks)], pages)
	for round := range rmgr.ForeseeRounds {
		for i, l := range looks {
			if b := pages[i]; b != nil {
				a.foresee(b, l, round, by)
			}
		}
	}
	by.pins.pool = by.Pool
	for _, b := range pages {
		if b != nil {
			by.pins.put(b)
		}
	}
}

func (a *Ahead) foresee(b *buffer.Buffer, l look, round int, by *Applier) {
	if f := by.lookup(l.rec.Rmgr).foreseer; f != nil {
		a.at = rmgr.Foresee(f, b.Page(), l.rec, l.ref, round, a.at[:0])
		b.Fetch(a.at)
	}
}
