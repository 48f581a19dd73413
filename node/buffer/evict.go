package buffer

import "errors"

// maxUsage bounds how many passes of the hand a page can survive (BM_MAX_USAGE_COUNT).
const maxUsage = 5

// pin finds the page in the pool or brings it in.
func (p *Pool) pin(tag Tag, fresh bool) (*Buffer, error) {
	for {
		if b, err := p.lookup(tag, fresh); b != nil || err != nil {
			return b, err
		}
		b, err := p.victim()
		if err != nil {
			return nil, err
		}
		if !p.claim(b, tag) {
			continue // another goroutine brought the page in meanwhile
		}
		if err := p.load(b, fresh); err != nil {
			return nil, err
		}
		return b, nil
	}
}

// lookup pins a page that is in the pool, waiting for whoever reads it. nil, nil: it is not there.
func (p *Pool) lookup(tag Tag, fresh bool) (*Buffer, error) {
	hash := tag.hash()
	p.mu.Lock()
	at := p.byTag.find(p.buffers, &tag, hash)
	if at < 0 {
		p.mu.Unlock()
		return nil, nil
	}
	b := &p.buffers[at]
	b.pins.Add(1)
	if b.usage < maxUsage {
		b.usage++
	}
	var ready chan struct{}
	if b.reading {
		if b.ready == nil {
			b.ready = make(chan struct{})
		}
		ready = b.ready
	}
	p.stats.Hits++
	p.mu.Unlock()
	if ready == nil {
		return b, nil
	}
	<-ready
	p.mu.Lock()
	err := b.readErr
	p.mu.Unlock()
	if err == nil {
		return b, nil
	}
	b.Release()
	if fresh {
		return nil, nil // the reader wanted the page as it was; we make it anew
	}
	return nil, err
}

// claim gives an empty pinned buffer the tag; false if the page is in the pool by now.
func (p *Pool) claim(b *Buffer, tag Tag) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byTag.find(p.buffers, &tag, tag.hash()) >= 0 {
		b.Release()
		return false
	}
	b.tag, b.usage, b.readErr, b.reading = tag, 1, nil, true
	p.list(b)
	return true
}

// load fills a claimed buffer.
func (p *Pool) load(b *Buffer, fresh bool) error {
	err := p.read(b, fresh)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Reads++
	b.readErr = err
	b.reading = false
	if b.ready != nil {
		close(b.ready)
		b.ready = nil
	}
	if err != nil {
		p.unlist(b)
		b.Release()
	}
	return err
}

func (p *Pool) read(b *Buffer, fresh bool) error {
	tag := b.tag
	blank := b.blank
	b.unread, b.blank = false, false
	blocks, err := p.store.Blocks(tag.Rel, tag.Fork)
	switch {
	case err != nil:
		return err
	case tag.Block < blocks && fresh:
		if !blank {
			clear(b.page)
		}
		b.unread = true
		return nil
	case tag.Block < blocks:
		return p.store.Read(tag.Rel, tag.Fork, tag.Block, b.page)
	case fresh:
		if !blank {
			clear(b.page)
		}
		return p.store.Extend(tag.Rel, tag.Fork, tag.Block+1)
	}
	return ErrNoPage
}

// victim returns an empty buffer with one pin, ours.
func (p *Pool) victim() (*Buffer, error) {
	for tries := 0; tries < 2*maxUsage*len(p.buffers); tries++ {
		p.mu.Lock()
		b := p.sweep()
		if b == nil {
			p.mu.Unlock()
			return nil, ErrNoBuffers
		}
		b.pins.Store(1)
		dirty := b.dirty.Load() || b.writing
		p.mu.Unlock()

		if dirty {
			if err := p.writeBack(b, false); err != nil && !errors.Is(err, errBusy) {
				b.Release()
				return nil, err
			}
		}
		if p.empty(b) {
			return b, nil
		}
	}
	return nil, ErrNoBuffers
}

// empty takes the page out of a buffer that nobody else wants; otherwise it ends our pin.
func (p *Pool) empty(b *Buffer) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b.pins.Load() > 1 || b.dirty.Load() || b.writing {
		b.Release()
		return false
	}
	if b.listed {
		p.unlist(b)
		p.stats.Evictions++
	}
	b.tag = Tag{}
	return true
}

// list enters a buffer in the table, unlist takes it out. Called with mu held.
func (p *Pool) list(b *Buffer)   { p.byTag.put(b.index, b.tag.hash()); b.listed = true }
func (p *Pool) unlist(b *Buffer) { p.byTag.remove(b.index, b.tag.hash()); b.listed = false }

// sweep moves the clock's hand to a buffer without pins; nil if there is none. Called with mu held.
func (p *Pool) sweep() *Buffer {
	for range (maxUsage + 1) * len(p.buffers) {
		at := p.hand
		p.hand = (p.hand + 1) % len(p.buffers)
		b := &p.buffers[at]
		switch {
		case b.page == nil:
			b.pool, b.index, b.page, b.blank = p, at, p.memory.page(), true
			return b
		case b.pins.Load() > 0:
		case b.usage > 0:
			b.usage--
		default:
			return b
		}
	}
	return nil
}
