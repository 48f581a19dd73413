package buffer

import "unsafe"

// Together is how many pages are worth asking for at a time: their lines have to fit into the first
// cache beside what else is in use.
const Together = 64

// PinHere pins those of the pages that are in the pool, and has the processor bring their beginnings and
// ends into its cache: where the pages of a log are many, replay would wait for one line of memory after
// the other, and so it waits for all of them at the same time. into, as long as tags and at most Together
// long, says which; nil is a page that is not here. Nothing is read from disk.
func (p *Pool) PinHere(tags []Tag, into []*Buffer) {
	var hashes [Together]uint32
	for i := range tags {
		hashes[i] = tags[i].hash()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fetchBuffers(hashes[:len(tags)])
	for i := range tags {
		into[i] = nil
		at := p.byTag.find(p.buffers, &tags[i], hashes[i])
		if at < 0 || p.buffers[at].reading {
			continue
		}
		b := &p.buffers[at]
		b.pins.Add(1)
		if b.usage < maxUsage {
			b.usage++
		}
		p.stats.Hits++
		into[i] = b
		prefetchPage(unsafe.Pointer(unsafe.SliceData(b.page)))
	}
}

// fetchBuffers goes from the table to the buffers, all in each step, so that what one step has asked for
// is there in the next. Called with mu held.
func (p *Pool) fetchBuffers(hashes []uint32) {
	t := &p.byTag
	for _, h := range hashes {
		prefetchLine(unsafe.Pointer(&t.slots[h&t.mask]))
	}
	for _, h := range hashes {
		if at := t.guess(h); at >= 0 {
			b := &p.buffers[at]
			prefetchLine(unsafe.Pointer(b))
			prefetchLine(unsafe.Pointer(&b.tag))
		}
	}
}

// Fetch has the processor bring the lines at some offsets of the page into its cache.
func (b *Buffer) Fetch(at []uint16) {
	for _, off := range at {
		if int(off) < len(b.page) {
			prefetchLine(unsafe.Pointer(&b.page[off]))
		}
	}
}
