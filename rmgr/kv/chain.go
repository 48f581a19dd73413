package kv

import (
	"github.com/redoubt-wal/redoubt/rmgr/field"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// On disk: never change.
const (
	chainMagic = 0x6B6F                 // "ok"
	chunk      = specialAt - headerSize // bytes of a value on one page: all but the last are full
	chainSize  = 12                     // of a chain's descriptor in a leaf item or record
	maxValue   = 64 << 20
	runPages   = 16 // pages that one CHAIN record writes
)

// A chain says where a value lies that is too long for a leaf.
type chain struct {
	length     uint32 // bytes
	head, tail uint32
}

// pagesOf is how many pages a value of so many bytes takes.
func pagesOf(length int) int { return (length + chunk - 1) / chunk }

func (c chain) pages() int { return pagesOf(int(c.length)) }
func (c chain) list() list { return list{c.head, c.tail, uint32(c.pages())} }

func (c chain) append(b []byte) []byte {
	b = le.AppendUint32(b, c.length)
	b = le.AppendUint32(b, c.head)
	return le.AppendUint32(b, c.tail)
}

// parseChain reads a descriptor; ok is false for one that cannot be.
func parseChain(b []byte) (c chain, ok bool) {
	r := field.Reader{B: b}
	c = chain{r.U32(), r.U32(), r.U32()}
	ok = r.Done() && c.length > 0 && c.length <= maxValue && c.head != metaBlock && c.tail != metaBlock &&
		(c.head == c.tail) == (c.length <= chunk)
	return c, ok
}

// A link is a page of a chain, or of the free list, where its contents mean nothing any more.
type link []byte

func (l link) next() uint32     { return le.Uint32(l[specialAt:]) }
func (l link) setNext(b uint32) { le.PutUint32(l[specialAt:], b) }
func (l link) data() []byte     { return l[headerSize:le.Uint16(l[12:])] }

// initLink makes a link of a page.
func initLink(bytes []byte, next uint32, data []byte) {
	page.Init(bytes, specialSize)
	l := link(bytes)
	l.setNext(next)
	le.PutUint16(l[specialAt+6:], chainMagic)
	copy(l[headerSize:], data)
	page.SetLower(bytes, headerSize+len(data))
}

func (l link) check() error {
	switch {
	case len(l) != page.Size:
		return damaged("it has %d bytes", len(l))
	case le.Uint16(l[18:]) != pageVersion || le.Uint16(l[16:]) != specialAt || le.Uint16(l[specialAt+6:]) != chainMagic:
		return damaged("it is not a page of a chain")
	case page.Lower(l) < headerSize || page.Lower(l) > specialAt:
		return damaged("lower is %d", page.Lower(l))
	}
	return nil
}

// checkNext adds to check that the link leads to where it should.
func (l link) checkNext(next uint32) error {
	if err := l.check(); err != nil {
		return err
	}
	if l.next() != next {
		return damaged("it leads to block %d, not to %d", l.next(), next)
	}
	return nil
}
