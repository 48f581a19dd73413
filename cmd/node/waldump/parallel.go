package waldump

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/redoubt-wal/redoubt/node/recordtext"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/segment"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// A part is a stretch of segments that one goroutine counts: the records that start in it.
type part struct {
	from, to    wal.LSN // to 0: up to where the log was asked for
	prev, last  wal.LSN // what the first record says of the one before it; the last record
	end         wal.LSN // of the last record that was picked
	first, high wal.TimelineID
	magic       wal.PageMagic
	tally       recordtext.Tally
	err         error
}

// countInParts counts records on all processors, if it is known where the log ends. Each part must join
// the one before: its first record points to that one's last. If one does not, or cannot be read,
// nothing is counted and false returned: reading from the start then says what is wrong and where.
func (d *dump) countInParts(ctx context.Context, first wal.LSN) bool {
	parts := d.split(first)
	if len(parts) < 2 {
		return false
	}
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() { parts[i].err = d.count(ctx, &parts[i]) })
	}
	wg.Wait()
	for i := range parts {
		p := &parts[i]
		if p.err != nil || i > 0 && (p.prev != parts[i-1].last || p.magic != parts[i-1].magic || p.first < parts[i-1].high) {
			return false
		}
	}
	for i := range parts {
		d.tally.Merge(&parts[i].tally)
		d.end = max(d.end, parts[i].end)
	}
	return true
}

// split cuts what is to be read at segment boundaries; nil if it has to be read in order.
func (d *dump) split(first wal.LSN) []part {
	size := wal.LSN(d.at.segSize)
	if !d.o.Stats || d.o.Quiet || d.o.Limit > 0 || d.o.Follow || d.o.SaveFullPage != "" || d.at.end == 0 || d.at.end < first {
		return nil
	}
	begin := first &^ (size - 1)
	segments := (d.at.end - begin + size - 1) / size
	n := min(wal.LSN(runtime.GOMAXPROCS(0)), segments)
	parts := make([]part, 0, n)
	for i := range n {
		p := part{from: begin + segments*i/n*size, to: begin + segments*(i+1)/n*size}
		if i == 0 {
			p.from = first
		}
		if i == n-1 {
			p.to = 0
		}
		parts = append(parts, p)
	}
	return parts
}

func (d *dump) count(ctx context.Context, p *part) error {
	src := segment.NewSource(vfs.OS(), filepath.ToSlash(d.at.dir), d.at.segSize, d.at.history)
	defer src.Close()
	r := wal.NewReader(bounded{src, d.at.end}, wal.ReaderOptions{SegmentSize: d.at.segSize})
	if _, err := r.FindFirst(p.from); err != nil {
		return err
	}
	p.magic, p.first = r.Magic(), r.Timeline()
	for {
		rec, err := r.Next()
		switch {
		case err == wal.ErrNotYet && p.to == 0:
			return ctx.Err()
		case err != nil:
			return err
		case p.to != 0 && rec.LSN >= p.to:
			return ctx.Err()
		}
		if p.last == 0 {
			p.prev = rec.Prev
		}
		p.last, p.high = rec.LSN, r.Timeline()
		if d.o.Filter.fits(rec) {
			p.tally.Add(rec)
			p.end = rec.End
		}
	}
}
