package recovery

import (
	"github.com/redoubt-wal/redoubt/node/buffer"
	"github.com/redoubt-wal/redoubt/wal"
)

// Ahead reads records before they are applied, a page of the log at a time, so that the data pages they
// name can be brought near meanwhile. It does not allocate once it has read a while.
type Ahead struct {
	records [ahead]wal.Record
	tags    []buffer.Tag
}

// ahead is how many records are read before the first of them is applied, at most: about a page of
// small ones.
const ahead = 64

// Read reads the records that follow first, which the reader has returned last, on its page. They and
// first stay valid until the reader's next Next.
func (a *Ahead) Read(r *wal.Reader, first *wal.Record, pool *buffer.Pool) []wal.Record {
	n := 0
	for n < ahead && r.NextHere(&a.records[n]) {
		n++
	}
	records := a.records[:n]
	a.bringNear(first, records, pool)
	return records
}

// bringNear prefetches the pages that the records name, without those that the record before names in
// the same place.
func (a *Ahead) bringNear(last *wal.Record, records []wal.Record, pool *buffer.Pool) {
	a.tags = a.tags[:0]
	for i := range records {
		rec := &records[i]
		for j := range rec.Blocks {
			ref := &rec.Blocks[j]
			if j < len(last.Blocks) && last.Blocks[j].Block == ref.Block && last.Blocks[j].Rel == ref.Rel {
				continue
			}
			a.tags = append(a.tags, buffer.Tag{Rel: ref.Rel, Fork: ref.Fork, Block: ref.Block})
		}
		last = rec
	}
	pool.Prefetch(a.tags)
}
