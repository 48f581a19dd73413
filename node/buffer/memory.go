package buffer

import (
	"unsafe"

	"github.com/redoubt-wal/redoubt/wal/hugepage"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// memory hands out the pool's pages, a slab at a time as they are needed. Large slabs are meant to be
// backed by huge pages: recovery touches pages at random, and would wait for address translation as
// long as for the pages themselves otherwise. PostgreSQL's huge_pages = try does the same.
//
//	│ used │ used, half ▒▒▒▒▒│ next: being populated │   not there yet   │
//
// When half of a slab is used, the kernel is asked on another processor to give the next one real memory,
// which it has to fill with zeros: recovery fills pages faster than it could do so in between. A pool
// that is never used far takes little.
type memory struct {
	slab []byte // not handed out yet
	half int    // of the slab: when so much is left, next is made
	next []byte // the slab after
	size int    // of the slab after that, in bytes
	left int    // bytes of the pool that are in no slab yet
}

// Slabs begin with an eighth of the pool or with firstSlab, and double up to largestSlab.
const (
	smallestSlab = 16 * page.Size
	firstSlab    = 4 << 20
	largestSlab  = 32 << 20
)

func newMemory(pages int) memory {
	size := min(max(pages/8*page.Size, smallestSlab), firstSlab)
	return memory{size: size / page.Size * page.Size, left: pages * page.Size}
}

// page is a page of zeros. There are as many as newMemory was told.
func (m *memory) page() []byte {
	if len(m.slab) == 0 {
		if m.slab, m.next = m.next, nil; m.slab == nil {
			m.slab = m.make()
			makeReady(m.slab)
		}
		m.half = len(m.slab) / 2
	}
	p := m.slab[:page.Size:page.Size]
	if m.slab = m.slab[page.Size:]; len(m.slab) <= m.half && m.next == nil && m.left > 0 {
		m.next = m.make()
		makeReady(m.next)
	}
	return p
}

func (m *memory) make() []byte {
	b := make([]byte, min(m.size, m.left))
	m.left -= len(b)
	m.size = min(2*m.size, max(m.size, largestSlab))
	return b
}

// worthReady is how much memory is worth a goroutine that makes it ready.
const worthReady = 1 << 20

// makeReady has the kernel give memory to b on another processor. A place that is read before it is written
// would even cost two faults, the second of which interrupts all processors.
func makeReady(b []byte) {
	if len(b) >= worthReady {
		hugepage.Prefer(b)
		go populate(b)
	}
}

func asBytes[T any](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(*new(T))))
}
