package buffer

import "github.com/redoubt-wal/redoubt/wal/page"

// memory hands out the pool's pages, a slab at a time as they are needed. Large slabs are meant to be
// backed by huge pages: recovery touches pages at random, and would wait for address translation as
// long as for the pages themselves otherwise. PostgreSQL's huge_pages = try does the same.
type memory struct {
	slab []byte // not handed out yet
	size int    // of the next slab, in bytes
}

// Slabs are an eighth of the pool, within these bounds.
const (
	smallestSlab = 16 * page.Size
	largestSlab  = 32 << 20
)

func newMemory(pages int) memory {
	size := min(max(pages/8*page.Size, smallestSlab), largestSlab)
	return memory{size: size / page.Size * page.Size}
}

// next is a page of zeros.
func (m *memory) next() []byte {
	if len(m.slab) == 0 {
		m.slab = make([]byte, m.size)
		preferHugePages(m.slab)
	}
	p := m.slab[:page.Size:page.Size]
	m.slab = m.slab[page.Size:]
	return p
}
