package buffer

// A table finds the buffer that has a page: open addressing, a power of two of slots, at most half of
// them in use. It is guarded by the pool's mutex.
type table struct {
	slots []slot
	mask  uint32
}

// A slot is 8 bytes, so that a search that walks on stays in one cache line.
type slot struct {
	hash uint32
	at   uint32 // the buffer's index and 1; 0: empty
}

func newTable(buffers int) table {
	n := uint32(2)
	for n < 2*uint32(buffers) {
		n *= 2
	}
	return table{slots: make([]slot, n), mask: n - 1}
}

// hash mixes what differs most between the pages of one pool.
func (t Tag) hash() uint32 {
	h := uint64(t.Block)<<32 | uint64(t.Rel.Rel)
	h ^= (uint64(t.Rel.DB)<<8 | uint64(t.Fork)) * 0x9E3779B97F4A7C15
	h ^= uint64(t.Rel.Spc) << 16
	h *= 0xD6E8FEB86659FD93
	return uint32(h >> 32)
}

// is is ==, which the compiler makes a call of.
func (t *Tag) is(o *Tag) bool {
	return t.Block == o.Block && t.Rel.Rel == o.Rel.Rel && t.Rel.DB == o.Rel.DB && t.Rel.Spc == o.Rel.Spc && t.Fork == o.Fork
}

// find is the index of the buffer that has a page, -1 if none has.
func (t *table) find(buffers []Buffer, tag *Tag, hash uint32) int {
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.at == 0 {
			return -1
		}
		if s.hash == hash && buffers[s.at-1].tag.is(tag) {
			return int(s.at - 1)
		}
	}
}

// guess is find without a look at the buffers: the first with the same hash.
func (t *table) guess(hash uint32) int {
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		switch s := t.slots[i]; {
		case s.at == 0:
			return -1
		case s.hash == hash:
			return int(s.at - 1)
		}
	}
}

// put adds a buffer whose page is not in the table.
func (t *table) put(at int, hash uint32) {
	i := hash & t.mask
	for t.slots[i].at != 0 {
		i = (i + 1) & t.mask
	}
	t.slots[i] = slot{hash: hash, at: uint32(at) + 1}
}

// remove takes a buffer out, and moves those that were pushed past its slot nearer to their own.
func (t *table) remove(at int, hash uint32) {
	hole := hash & t.mask
	for t.slots[hole].at != uint32(at)+1 {
		hole = (hole + 1) & t.mask
	}
	for i := (hole + 1) & t.mask; t.slots[i].at != 0; i = (i + 1) & t.mask {
		if home := t.slots[i].hash & t.mask; (i-home)&t.mask >= (i-hole)&t.mask {
			t.slots[hole], hole = t.slots[i], i
		}
	}
	t.slots[hole] = slot{}
}
