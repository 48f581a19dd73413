package kv

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/wal/page"
)

// On disk: never change.
const (
	headerSize  = page.HeaderSize
	specialSize = 16
	specialAt   = page.Size - specialSize
	lineSize    = 4
	pageVersion = 0x2004 // size 8192, layout 4
	nodeMagic   = 0x6B76 // "kv"
	chained     = 0x8000 // in a leaf item's key length: the value is a chain's descriptor
	noSibling   = 0

	maxKey  = 1024
	maxLeaf = (specialAt-headerSize)/4 - lineSize // 2034: four of the longest items fit in a page
	maxPair = maxLeaf - 2                         // key and value together
	maxDown = lineSize + 4 + maxKey               // the room that any separator needs in a parent
	maxTree = 16                                  // levels; a taller tree is damage
)

var errDamaged = errors.New("page is damaged")

func damaged(format string, args ...any) error {
	return fmt.Errorf("kv: %w: %s", errDamaged, fmt.Sprintf(format, args...))
}

var le = binary.LittleEndian

// A node is a leaf or inner page. Methods that return items stay inside the page whatever it holds.
type node []byte

func (n node) lower() int    { return int(le.Uint16(n[12:])) }
func (n node) upper() int    { return int(le.Uint16(n[14:])) }
func (n node) count() int    { return (n.lower() - headerSize) / lineSize }
func (n node) free() int     { return n.upper() - n.lower() }
func (n node) right() uint32 { return le.Uint32(n[specialAt:]) }
func (n node) level() int    { return int(le.Uint16(n[specialAt+4:])) }

func (n node) setLower(v int)    { le.PutUint16(n[12:], uint16(v)) }
func (n node) setUpper(v int)    { le.PutUint16(n[14:], uint16(v)) }
func (n node) setRight(b uint32) { le.PutUint32(n[specialAt:], b) }

// initNode makes an empty node of a page.
func initNode(bytes []byte, level int, right uint32) node {
	page.Init(bytes, specialSize)
	n := node(bytes)
	n.setRight(right)
	le.PutUint16(n[specialAt+4:], uint16(level))
	le.PutUint16(n[specialAt+6:], nodeMagic)
	return n
}

// check reports whether the page is a node whose header can be relied on.
func (n node) check() error {
	switch {
	case len(n) != page.Size:
		return damaged("it has %d bytes", len(n))
	case le.Uint16(n[18:]) != pageVersion || le.Uint16(n[16:]) != specialAt || le.Uint16(n[specialAt+6:]) != nodeMagic:
		return damaged("it is not a node")
	case n.lower() < headerSize || n.lower() > n.upper() || n.upper() > specialAt || (n.lower()-headerSize)%lineSize != 0:
		return damaged("lower %d and upper %d do not fit", n.lower(), n.upper())
	case n.level() >= maxTree:
		return damaged("level %d", n.level())
	}
	return nil
}

// checkItems adds to check that every line pointer and item is sound.
func (n node) checkItems() error {
	if err := n.check(); err != nil {
		return err
	}
	room := specialAt - n.upper()
	for i := range n.count() {
		if _, err := n.key(i); err != nil {
			return err
		}
		_, size := n.line(i)
		room -= size
	}
	if room != 0 {
		return damaged("items leave gaps or overlap, %d bytes", room)
	}
	return nil
}

func (n node) line(i int) (off, size int) {
	v := le.Uint32(n[headerSize+i*lineSize:])
	return int(v & 0x7FFF), int(v >> 17)
}

func (n node) setLine(i, off, size int) {
	le.PutUint32(n[headerSize+i*lineSize:], uint32(off)|1<<15|uint32(size)<<17)
}

// item is the bytes of item i, which must be below count.
func (n node) item(i int) ([]byte, error) {
	off, size := n.line(i)
	if off < n.upper() || off+size > specialAt {
		return nil, damaged("item %d lies at %d, %d bytes", i, off, size)
	}
	return n[off : off+size : off+size], nil
}

// key is the key of item i.
func (n node) key(i int) ([]byte, error) {
	item, err := n.item(i)
	if err != nil {
		return nil, err
	}
	if n.level() == 0 {
		key, _, _, err := splitLeafItem(item)
		return key, err
	}
	_, key, err := splitDownItem(item)
	return key, err
}

// splitLeafItem takes an item apart; of a chained one, value is the descriptor, and a sound one.
func splitLeafItem(item []byte) (key, value []byte, long bool, err error) {
	if len(item) < 2 || len(item) > maxLeaf {
		return nil, nil, false, damaged("leaf item of %d bytes", len(item))
	}
	size := int(le.Uint16(item))
	size, long = size&^chained, size&chained != 0
	if 2+size > len(item) || size > maxKey {
		return nil, nil, false, damaged("leaf item of %d bytes", len(item))
	}
	key, value = item[2:2+size:2+size], item[2+size:]
	if long {
		if _, ok := parseChain(value); !ok {
			return nil, nil, false, damaged("leaf item leads to no chain")
		}
	}
	return key, value, long, nil
}

func splitDownItem(item []byte) (child uint32, key []byte, err error) {
	if len(item) < 4 || len(item) > 4+maxKey {
		return 0, nil, damaged("inner item of %d bytes", len(item))
	}
	return le.Uint32(item), item[4:], nil
}

// pair is key and value of a leaf's item i; of a long value, the chain's descriptor.
func (n node) pair(i int) (key, value []byte, long bool, err error) {
	item, err := n.item(i)
	if err != nil {
		return nil, nil, false, err
	}
	return splitLeafItem(item)
}

// down is child and key of an inner node's item i.
func (n node) down(i int) (child uint32, key []byte, err error) {
	item, err := n.item(i)
	if err != nil {
		return 0, nil, err
	}
	return splitDownItem(item)
}

// child finds the item of an inner node that leads to key.
func (n node) child(key []byte) (pos int, child uint32, err error) {
	pos, found, err := n.search(key)
	if err != nil {
		return 0, 0, err
	}
	if !found {
		pos--
	}
	if pos < 0 {
		return 0, 0, damaged("inner node has no first item")
	}
	child, _, err = n.down(pos)
	return pos, child, err
}

// insert puts an item made of up to three parts at pos. The caller has checked that it fits.
func (n node) insert(pos int, a, b, c []byte) {
	size := len(a) + len(b) + len(c)
	off := n.upper() - size
	copy(n[off:], a)
	copy(n[off+len(a):], b)
	copy(n[off+len(a)+len(b):], c)
	at, end := headerSize+pos*lineSize, n.lower()
	copy(n[at+lineSize:end+lineSize], n[at:end])
	n.setLine(pos, off, size)
	n.setLower(end + lineSize)
	n.setUpper(off)
}

// remove takes item pos out and closes the gap; item(pos) has been read without error.
func (n node) remove(pos int) {
	off, size := n.line(pos)
	upper := n.upper()
	copy(n[upper+size:off+size], n[upper:off])
	clear(n[upper : upper+size])
	at, end := headerSize+pos*lineSize, n.lower()
	copy(n[at:], n[at+lineSize:end])
	clear(n[end-lineSize : end])
	n.setLower(end - lineSize)
	n.setUpper(upper + size)
	for i := range n.count() {
		if o, s := n.line(i); o < off {
			n.setLine(i, o+size, s)
		}
	}
}

// keep removes all but the first kept items; checkItems has passed.
func (n node) keep(kept int) {
	var old [page.Size]byte
	from := node(old[:])
	copy(from, n)
	clear(n[headerSize:specialAt])
	n.setLower(headerSize)
	n.setUpper(specialAt)
	for i := range kept {
		off, size := from.line(i)
		n.insert(i, from[off:off+size], nil, nil)
	}
}
