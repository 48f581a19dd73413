package buffer

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/redoubt-wal/redoubt/wal/page"
)

// errBusy says that a page could not be written without waiting for its latch.
var errBusy = errors.New("page is in use")

var copies = sync.Pool{New: func() any { return new([page.Size]byte) }}

// Flush writes every page that was dirty when it was called, in the order of their places on disk.
// It returns once those writes, and writes of others that were under way, are done. Durable after
// the store's Sync. It ends early when ctx does.
func (p *Pool) Flush(ctx context.Context) error {
	_, err := p.FlushPaced(ctx, func(done, total int) error { return ctx.Err() })
	return err
}

// FlushPaced is Flush that calls pace after each page, with how many are done of how many: it may wait,
// and ends the flush with an error. written counts the pages that others were not writing already.
func (p *Pool) FlushPaced(ctx context.Context, pace func(done, total int) error) (written int, err error) {
	tags := p.dirty()
	for i, tag := range tags {
		if ctx.Err() != nil {
			return written, context.Cause(ctx)
		}
		if b, dirty := p.pinDirty(tag); b != nil { // if not, it was written and perhaps evicted since
			err := p.writeBack(b, true)
			b.Release()
			if err != nil {
				return written, err
			}
			if dirty {
				written++
			}
		}
		if err := pace(i+1, len(tags)); err != nil {
			return written, err
		}
	}
	return written, nil
}

// Dirty counts the pages that wait to be written.
func (p *Pool) Dirty() int { return len(p.dirty()) }

func (p *Pool) dirty() []Tag {
	p.mu.Lock()
	var tags []Tag
	for i := range p.buffers {
		if b := &p.buffers[i]; b.listed && (b.dirty.Load() || b.writing) {
			tags = append(tags, b.tag)
		}
	}
	p.mu.Unlock()
	slices.SortFunc(tags, func(a, b Tag) int {
		return cmp.Or(cmp.Compare(a.Rel.DB, b.Rel.DB), cmp.Compare(a.Rel.Rel, b.Rel.Rel),
			cmp.Compare(a.Fork, b.Fork), cmp.Compare(a.Block, b.Block))
	})
	return tags
}

// pinDirty pins a page that is dirty or being written; nil if it is neither.
func (p *Pool) pinDirty(tag Tag) (b *Buffer, dirty bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.byTag.find(p.buffers, &tag, tag.hash())
	if at < 0 {
		return nil, false
	}
	b = &p.buffers[at]
	if dirty = b.dirty.Load(); !dirty && !b.writing {
		return nil, false
	}
	b.pins.Add(1)
	return b, dirty
}

// writeBack writes a pinned page if it is dirty. wait says whether to wait for its latches: one who
// holds latches already must not, or two of them could wait for each other.
func (p *Pool) writeBack(b *Buffer, wait bool) error {
	if !lock(wait, b.io.Lock, b.io.TryLock) {
		return errBusy
	}
	defer b.io.Unlock()
	if !lock(wait, b.RLock, b.TryRLock) {
		return errBusy
	}
	p.mu.Lock()
	if !b.dirty.Load() {
		p.mu.Unlock()
		b.RUnlock()
		return nil
	}
	b.dirty.Store(false)
	b.writing = true
	p.mu.Unlock()
	contents := copies.Get().(*[page.Size]byte)
	defer copies.Put(contents)
	copy(contents[:], b.page)
	b.RUnlock()

	err := p.write(b.tag, contents[:])
	p.mu.Lock()
	defer p.mu.Unlock()
	b.writing = false
	p.stats.Writes++
	if err != nil {
		b.dirty.Store(true)
	}
	return err
}

// write writes one copy of a page, its log first.
func (p *Pool) write(tag Tag, contents []byte) error {
	if err := p.beforeWrite(page.LSN(contents)); err != nil {
		return err
	}
	return p.store.Write(tag.Rel, tag.Fork, tag.Block, contents)
}

func lock(wait bool, lock func(), try func() bool) bool {
	if wait {
		lock()
		return true
	}
	return try()
}
