package kv

import "github.com/redoubt-wal/redoubt/wal/page"

// On disk: never change.
const (
	metaBlock   = 0
	metaMagic   = 0x31564B52 // "RKV1"
	metaVersion = 1
	metaEnd     = headerSize + 32 // what INIT makes
	metaWide    = metaEnd + 24    // with free list and pending chain; lower tells which
)

// A meta is the page that says where the tree is.
type meta []byte

func (m meta) root() uint32  { return le.Uint32(m[32:]) }
func (m meta) level() int    { return int(le.Uint32(m[36:])) } // of the root
func (m meta) pages() uint32 { return le.Uint32(m[40:]) }      // the next new page's number
func (m meta) count() uint64 { return le.Uint64(m[48:]) }      // keys

func (m meta) setRoot(b uint32)  { le.PutUint32(m[32:], b) }
func (m meta) setLevel(l int)    { le.PutUint32(m[36:], uint32(l)) }
func (m meta) setPages(b uint32) { le.PutUint32(m[40:], b) }
func (m meta) setCount(c uint64) { le.PutUint64(m[48:], c) }

// A list is a run of chain pages: the free list, which has no tail, or the pending chain.
type list struct{ head, tail, pages uint32 }

func (m meta) wide() bool { return le.Uint16(m[12:]) >= metaWide }

// free is the list of pages that no one uses.
func (m meta) free() list {
	if !m.wide() {
		return list{}
	}
	return list{head: le.Uint32(m[56:]), pages: le.Uint32(m[60:])}
}

// pending is the chain of a value that is being written.
func (m meta) pending() list {
	if !m.wide() {
		return list{}
	}
	return list{head: le.Uint32(m[64:]), tail: le.Uint32(m[68:]), pages: le.Uint32(m[72:])}
}

func (m meta) setFree(l list) {
	m.widen()
	le.PutUint32(m[56:], l.head)
	le.PutUint32(m[60:], l.pages)
}

func (m meta) setPending(l list) {
	m.widen()
	le.PutUint32(m[64:], l.head)
	le.PutUint32(m[68:], l.tail)
	le.PutUint32(m[72:], l.pages)
}

// widen makes room for the lists on a page that has none yet.
func (m meta) widen() {
	if !m.wide() {
		clear(m[metaEnd:metaWide])
		page.SetLower(m, metaWide)
	}
}

// initMeta makes the meta page of an empty tree, whose root is the leaf 1, of a page.
func initMeta(bytes []byte) {
	page.Init(bytes, 0)
	page.SetLower(bytes, metaEnd)
	m := meta(bytes)
	le.PutUint32(m[24:], metaMagic)
	le.PutUint32(m[28:], metaVersion)
	m.setRoot(1)
	m.setPages(2)
}

func (m meta) check() error {
	switch {
	case len(m) != page.Size || le.Uint16(m[18:]) != pageVersion || le.Uint32(m[24:]) != metaMagic:
		return damaged("block 0 is not a meta page")
	case le.Uint32(m[28:]) != metaVersion:
		return damaged("meta page has version %d", le.Uint32(m[28:]))
	case m.root() == metaBlock || m.root() >= m.pages() || le.Uint32(m[36:]) >= maxTree:
		return damaged("root %d, level %d, %d pages", m.root(), m.level(), m.pages())
	case !m.holds(m.free()) || !m.holds(m.pending()):
		return damaged("free %v or pending %v of %d pages", m.free(), m.pending(), m.pages())
	}
	return nil
}

// holds reports whether a list can be one of this tree's.
func (m meta) holds(l list) bool {
	return l.head < m.pages() && l.tail < m.pages() && l.pages < m.pages() && (l.head == 0) == (l.pages == 0)
}
