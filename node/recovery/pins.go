package recovery

import "github.com/redoubt-wal/redoubt/node/buffer"

// pins keep those pages from being evicted that records have named last, or that those which come next
// will name: they need not be looked for then.
type pins struct {
	pool  *buffer.Pool
	slots []*buffer.Buffer // by block number; a power of two
}

// mostPinned is enough for the records that are read ahead. A small pool has fewer: a sixteenth of it.
const mostPinned = 256

func (p *pins) slot(block uint32) **buffer.Buffer {
	if p.slots == nil {
		n := 1
		for 2*n <= min(mostPinned, p.pool.Size()/16) {
			n *= 2
		}
		p.slots = make([]*buffer.Buffer, n)
	}
	return &p.slots[block%uint32(len(p.slots))]
}

// take is Pool.Get or, with fresh, Pool.GetNew. The pin is the caller's, who gives it back with put.
func (p *pins) take(tag *buffer.Tag, fresh bool) (*buffer.Buffer, error) {
	slot := p.slot(tag.Block)
	if b := *slot; b != nil && b.Is(tag) {
		*slot = nil
		return b, nil
	}
	if fresh {
		return p.pool.GetNew(*tag)
	}
	return p.pool.Get(*tag)
}

// put keeps a pin instead of the one that is in its place.
func (p *pins) put(b *buffer.Buffer) {
	slot := p.slot(b.Block())
	if *slot != nil {
		(*slot).Release()
	}
	*slot = b
}

// release ends all pins.
func (p *pins) release() {
	for i, b := range p.slots {
		if b != nil {
			b.Release()
			p.slots[i] = nil
		}
	}
}
