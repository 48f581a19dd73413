package recovery

import "github.com/redoubt-wal/redoubt/node/buffer"

// pins keep those pages from being evicted that records have named last: the next record nearly always
// names one of them again, such as a meta page or the leaf that is being filled, and need not look for it.
type pins struct {
	pool  *buffer.Pool
	slots [pinned]*buffer.Buffer // by block number
}

// pinned is far below buffer.MinPages. A power of two.
const pinned = 16

func (p *pins) slot(block uint32) **buffer.Buffer { return &p.slots[block%pinned] }

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
