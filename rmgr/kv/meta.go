package kv

import "github.com/redoubt-wal/redoubt/wal/page"

// On disk: never change.
const (
	metaBlock   = 0
	metaMagic   = 0x31564B52 // "RKV1"
	metaVersion = 1
	metaEnd     = headerSize + 32
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
	}
	return nil
}
