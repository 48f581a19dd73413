package kv

import (
	"encoding/binary"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/field"
)

// A run is the main data of CHAIN: some pages of a value that is being written, from its end to its
// beginning. The pages are the record's blocks but the first, linked in their order.
type run struct {
	reused int    // of the pages, the first so many come from the free list
	total  uint32 // bytes of the value
	offset uint32 // of the first page's bytes in the value
	next   uint32 // where the last page leads: the head of the run before, 0 for the value's end
	free   uint32 // the head of the free list after it
}

func appendRun(b []byte, f rmgr.Format, r run) []byte {
	b = append(b, byte(f), 0)
	b = le.AppendUint16(b, uint16(r.reused))
	b = le.AppendUint32(b, r.total)
	b = le.AppendUint32(b, r.offset)
	b = le.AppendUint32(b, r.next)
	return le.AppendUint32(b, r.free)
}

func parseRun(main []byte) (f rmgr.Format, r run, err error) {
	in := field.Reader{B: main}
	f = rmgr.Format(in.U8())
	zero := in.U8()
	r = run{reused: int(in.U16()), total: in.U32(), offset: in.U32(), next: in.U32(), free: in.U32()}
	if !in.Done() || zero != 0 || r.total == 0 || r.total > maxValue || r.offset >= r.total || r.offset%chunk != 0 {
		return f, r, errMalformed(opChain, len(main))
	}
	return f, r, nil
}

// size is how many bytes the run's page i holds; 0 if the value ends before it.
func (r run) size(i int) int {
	return max(0, min(chunk, int(r.total)-int(r.offset)-i*chunk))
}

// A release is the main data of RELEASE: the pending chain, which nobody finished, becomes free.
type release struct {
	pending list
	free    uint32 // the head of the free list before it
}

func appendRelease(b []byte, f rmgr.Format, r release) []byte {
	b = append(b, byte(f), 0)
	b = le.AppendUint32(b, r.pending.head)
	b = le.AppendUint32(b, r.pending.tail)
	b = le.AppendUint32(b, r.pending.pages)
	return le.AppendUint32(b, r.free)
}

func parseRelease(main []byte) (f rmgr.Format, r release, err error) {
	in := field.Reader{B: main}
	f = rmgr.Format(in.U8())
	zero := in.U8()
	r = release{list{in.U32(), in.U32(), in.U32()}, in.U32()}
	if p := r.pending; !in.Done() || zero != 0 || p.head == metaBlock || p.tail == metaBlock || p.pages == 0 || r.free == p.tail {
		return f, r, errMalformed(opRelease, len(main))
	}
	return f, r, nil
}

// What stands on one side of an exchange. On disk: never renumber.
const (
	nothing uint8 = 0
	inline  uint8 = 1 // a value in the leaf
	onChain uint8 = 2 // a value on a chain
)

// An exchange is the main data of EXCHANGE: INSERT, UPDATE or DELETE where the new value, the old
// one or both are on chains.
type exchange struct {
	was, is    uint8
	leaf, free uint32 // free: the head of the free list before it, if the old chain becomes free
	key        []byte
	old, value []byte // of a chain its descriptor
	from, to   chain
}

func appendExchange(b []byte, f rmgr.Format, x exchange) []byte {
	b = append(b, byte(f), x.was|x.is<<4)
	b = le.AppendUint32(b, x.leaf)
	b = le.AppendUint32(b, x.free)
	b = binary.AppendUvarint(b, uint64(len(x.key)))
	b = append(b, x.key...)
	b = appendSide(b, x.was, x.old, x.from)
	return appendSide(b, x.is, x.value, x.to)
}

func appendSide(b []byte, kind uint8, value []byte, c chain) []byte {
	switch kind {
	case inline:
		b = binary.AppendUvarint(b, uint64(len(value)))
		return append(b, value...)
	case onChain:
		return c.append(b)
	}
	return b
}

func parseExchange(main []byte) (f rmgr.Format, x exchange, err error) {
	r := field.Reader{B: main}
	f = rmgr.Format(r.U8())
	kinds := r.U8()
	x = exchange{was: kinds & 0x0F, is: kinds >> 4, leaf: r.U32(), free: r.U32()}
	x.key = r.Bytes(r.Length())
	good := true
	side := func(kind uint8) (value []byte, c chain) {
		switch kind {
		case inline:
			value = r.Bytes(r.Length())
			good = good && len(x.key)+len(value) <= maxPair
		case onChain:
			value = r.Bytes(chainSize)
			ok := false
			c, ok = parseChain(value)
			good = good && ok
		}
		return value, c
	}
	x.old, x.from = side(x.was)
	x.value, x.to = side(x.is)
	switch {
	case !r.Done() || !good || len(x.key) > maxKey || x.was > onChain || x.is > onChain,
		x.was != onChain && x.is != onChain,
		x.leaf == metaBlock || x.was == onChain && (x.leaf == x.from.tail || x.free == x.from.tail),
		x.was != onChain && x.free != 0:
		return f, x, errMalformed(opExchange, len(main))
	}
	return f, x, nil
}

// action is the logical change.
func (x exchange) action() string {
	switch {
	case x.was == nothing:
		return "insert"
	case x.is == nothing:
		return "delete"
	}
	return "update"
}
