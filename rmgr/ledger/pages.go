package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/redoubt-wal/redoubt/wal/page"
)

// On disk: never change.
const (
	metaBlock   = 0
	rootBlock   = 1
	metaMagic   = 0x3152444C // "LDR1"
	metaVersion = 1
	metaEnd     = page.HeaderSize + 32

	specialSize = 16
	specialAt   = page.Size - specialSize

	kindDirectory = 1
	kindBucket    = 2

	bits      = 10 // of the hash, per directory
	entries   = 1 << bits
	maxLevels = 6
	maxDepth  = bits * maxLevels

	slotSize = 80
	maxSlots = (specialAt - page.HeaderSize) / slotSize // 101
	maxName  = 63
)

var (
	errDamaged = errors.New("page is damaged")
	le         = binary.LittleEndian
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("ledger: %w: %s", errDamaged, fmt.Sprintf(format, args...))
}

// hash places a name: FNV-1a, then MurmurHash3's finalizer, for the high bits decide. On disk: never change.
func hash(name []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, c := range name {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// entryOf is the index that a hash has in a directory of a level.
func entryOf(h uint64, level int) int {
	return int(h>>(64-bits*(level+1))) & (entries - 1)
}

// A meta is the page of sums.
type meta []byte

func (m meta) pages() uint32    { return le.Uint32(m[32:]) } // the next new page's number
func (m meta) accounts() uint64 { return le.Uint64(m[40:]) }
func (m meta) total() int64     { return int64(le.Uint64(m[48:])) }

func (m meta) setPages(n uint32)    { le.PutUint32(m[32:], n) }
func (m meta) setAccounts(n uint64) { le.PutUint64(m[40:], n) }
func (m meta) setTotal(n int64)     { le.PutUint64(m[48:], uint64(n)) }

func initMeta(b []byte) {
	page.Init(b, 0)
	page.SetLower(b, metaEnd)
	le.PutUint32(b[24:], metaMagic)
	le.PutUint32(b[28:], metaVersion)
	meta(b).setPages(3)
}

func (m meta) check() error {
	switch {
	case len(m) != page.Size || le.Uint32(m[24:]) != metaMagic || le.Uint32(m[28:]) != metaVersion:
		return damaged("block 0 is not a meta page of version %d", metaVersion)
	case m.pages() < 3 || m.pages() > 1<<32-3 || m.total() < 0:
		return damaged("%d pages, total %d", m.pages(), m.total())
	}
	return nil
}

func kindOf(b []byte) int {
	if len(b) != page.Size || page.Special(b) != specialAt {
		return 0
	}
	return int(le.Uint16(b[specialAt:]))
}

func initKind(b []byte, kind, number, lower int) {
	page.Init(b, specialSize)
	page.SetLower(b, lower)
	le.PutUint16(b[specialAt:], uint16(kind))
	le.PutUint16(b[specialAt+2:], uint16(number))
}

// A directory is a page of 1024 block numbers.
type directory []byte

// initDirectory makes a directory whose entries all lead to one bucket.
func initDirectory(b []byte, level int, bucket uint32) {
	initKind(b, kindDirectory, level, page.HeaderSize+4*entries)
	for i := range entries {
		directory(b).set(i, bucket)
	}
}

func (d directory) level() int          { return int(le.Uint16(d[specialAt+2:])) }
func (d directory) at(i int) uint32     { return le.Uint32(d[page.HeaderSize+4*i:]) }
func (d directory) set(i int, b uint32) { le.PutUint32(d[page.HeaderSize+4*i:], b) }

func (d directory) check() error {
	if kindOf(d) != kindDirectory || page.Lower(d) != page.HeaderSize+4*entries || d.level() >= maxLevels {
		return damaged("it is not a directory")
	}
	return nil
}

// A bucket is a page of account slots.
type bucket []byte

func initBucket(b []byte, depth int) { initKind(b, kindBucket, depth, page.HeaderSize) }

func (b bucket) depth() int     { return int(le.Uint16(b[specialAt+2:])) }
func (b bucket) setDepth(d int) { le.PutUint16(b[specialAt+2:], uint16(d)) }
func (b bucket) count() int     { return (page.Lower(b) - page.HeaderSize) / slotSize }
func (b bucket) setCount(n int) { page.SetLower(b, page.HeaderSize+n*slotSize) }
func (b bucket) slot(i int) slot {
	at := page.HeaderSize + i*slotSize
	return slot(b[at : at+slotSize : at+slotSize])
}

func (b bucket) check() error {
	if kindOf(b) != kindBucket || b.depth() > maxDepth || page.Upper(b) != specialAt ||
		page.Lower(b) < page.HeaderSize || page.Lower(b) > page.HeaderSize+maxSlots*slotSize || (page.Lower(b)-page.HeaderSize)%slotSize != 0 {
		return damaged("it is not a bucket")
	}
	return nil
}

// find is the slot of a name, -1 if it is not there.
func (b bucket) find(h uint64, name []byte) int {
	for i := range b.count() {
		if s := b.slot(i); s.hash() == h && string(s.name()) == string(name) {
			return i
		}
	}
	return -1
}

// A slot is one account.
type slot []byte

func (s slot) hash() uint64       { return le.Uint64(s) }
func (s slot) balance() int64     { return int64(le.Uint64(s[8:])) }
func (s slot) setBalance(n int64) { le.PutUint64(s[8:], uint64(n)) }
func (s slot) name() []byte       { return s[17 : 17+min(int(s[16]), maxName)] }

func (s slot) fill(h uint64, balance int64, name []byte) {
	clear(s)
	le.PutUint64(s, h)
	s.setBalance(balance)
	s[16] = byte(len(name))
	copy(s[17:], name)
}
