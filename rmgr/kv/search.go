package kv

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// search finds the first item whose key is not below key, and whether it is equal.
func (n node) search(key []byte) (pos int, found bool, err error) {
	lo, hi := 0, n.count()
	if hi > 0 && n.right() == noSibling { // where ascending keys arrive
		if last, err := n.key(hi - 1); err == nil && bytes.Compare(last, key) < 0 {
			return hi, false, nil
		}
	}
	lo, hi = n.narrow(key, lo, hi)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		k, err := n.key(mid)
		if err != nil {
			return 0, false, err
		}
		switch c := bytes.Compare(k, key); {
		case c < 0:
			lo = mid + 1
		case c == 0:
			return mid, true, nil
		default:
			hi = mid
		}
	}
	return lo, false, nil
}

// pivots is how many items narrow looks at together.
const pivots = 7

// narrow bounds by the first eight bytes of keys where search has to look, in a node that is sound: the
// items before lo are below key, those from hi on above. Halving waits for one item after the other to
// come from memory; this waits for seven at the same time, and twice where halving waits six times.
func (n node) narrow(key []byte, lo, hi int) (int, int) {
	want := prefix(key)
	for lo < hi {
		from, to := lo, hi
		lo, hi = n.narrowOnce(want, from, to)
		if lo == from && hi == to || lo > hi {
			return from, to // all begin alike, or are out of order
		}
	}
	return lo, hi
}

// narrowOnce is one step of narrow. Its bounds may cross if the items are out of order.
func (n node) narrowOnce(want uint64, from, to int) (lo, hi int) {
	k := min(pivots, to-from)
	var begins [pivots]uint64
	for i := range k {
		begins[i] = n.beginning(pivot(from, to, i, k))
	}
	var below, above uint64
	for _, b := range begins[:k] {
		_, less := bits.Sub64(b, want, 0)
		_, more := bits.Sub64(want, b, 0)
		below, above = below+less, above+more
	}
	lo, hi = from, to
	if below > 0 {
		lo = pivot(from, to, int(below)-1, k) + 1
	}
	if above > 0 {
		hi = pivot(from, to, k-int(above), k)
	}
	return lo, hi
}

// pivot is the ith of k items that divide those between from and to.
func pivot(from, to, i, k int) int { return from + (i+1)*(to-from)/(k+1) }

// prefix is the first eight bytes of a key, as a number that compares as they do.
func prefix(key []byte) uint64 {
	var buf [8]byte
	copy(buf[:], key)
	return binary.BigEndian.Uint64(buf[:])
}

// beginning is the first eight bytes of item i's key, as a number that compares as they do; any number
// if the item is damaged.
func (n node) beginning(i int) uint64 {
	off, size := n.line(i)
	skip, length := 4, size-4
	if n.level() == 0 {
		if off > specialAt {
			return 0
		}
		skip, length = 2, int(le.Uint16(n[off:])&^chained)
	}
	if off+skip+8 > len(n) {
		return 0
	}
	b := binary.BigEndian.Uint64(n[off+skip:])
	if length < 8 {
		b &^= ^uint64(0) >> (8 * max(length, 0))
	}
	return b
}
