package buffer

import "unsafe"

// prefetched is how many pages are worth asking for at a time: their lines have to fit into the first
// cache beside what else is in use.
const prefetched = 64

// Prefetch has the processor bring those of the pages that are in the pool into its cache: where the
// pages of a log are many, replay would wait for one line of memory after the other, and so it waits for
// all of them at the same time. It pins nothing, reads nothing from disk, and may do nothing.
func (p *Pool) Prefetch(tags []Tag) {
	for len(tags) > 0 {
		n := min(len(tags), prefetched)
		p.prefetch(tags[:n])
		tags = tags[n:]
	}
}

// prefetch goes from the table to the buffers to their pages, all tags in each step, so that what one
// step has asked for is there in the next.
func (p *Pool) prefetch(tags []Tag) {
	var hashes [prefetched]uint32
	for i := range tags {
		hashes[i] = tags[i].hash()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &p.byTag
	for i := range tags {
		prefetchLine(unsafe.Pointer(&t.slots[hashes[i]&t.mask]))
	}
	var found [prefetched]*Buffer
	for i := range tags {
		if at := t.guess(hashes[i]); at >= 0 {
			b := &p.buffers[at]
			prefetchLine(unsafe.Pointer(b))
			prefetchLine(unsafe.Pointer(&b.tag))
			found[i] = b
		}
	}
	for i := range tags {
		if b := found[i]; b != nil {
			prefetchPage(unsafe.Pointer(unsafe.SliceData(b.page)))
		}
	}
}
