package wal

// What PostgreSQL calls PGLZ_strategy_default, and the sizes of its tables (common/pg_lzcompress.c).
const (
	pglzHistory    = 4096 // positions remembered
	pglzLists      = 8192
	pglzFarthest   = 0x0FFF
	pglzLongest    = 273
	pglzShortest   = 32   // input that is worth the work
	pglzSaving     = 25   // percent that have to be saved
	pglzFirstMatch = 1024 // give up if there was none by then
	pglzGood       = 128  // a match of this length is not improved on,
	pglzDrop       = 10   // and of this many percent less with every try
)

// A pglzCompressor makes, byte for byte, what PostgreSQL's pglz_compress makes. It looks for matches
// in lists of the positions whose next four bytes hash alike, the latest first:
//
//	lists ──hash──▶ entry ──next──▶ entry ──next──▶ …      entry 0 is no entry
type pglzCompressor struct {
	lists   [pglzLists]int16
	entries [pglzHistory + 1]pglzEntry
	next    int  // the entry to use next
	recycle bool // all were used once

	src []byte
	out pglzOutput
}

type pglzEntry struct {
	next, prev int16
	list       int16
	pos        int32
}

// compress appends src's compressed form to dst; ok is false if that saves too little.
func (c *pglzCompressor) compress(dst, src []byte) (out []byte, ok bool) {
	if len(src) < pglzShortest {
		return dst, false
	}
	mask := pglzListsFor(len(src)) - 1
	clear(c.lists[:mask+1])
	c.next, c.recycle, c.src = 1, false, src
	c.out = pglzOutput{b: dst, control: -1}
	most, matched := len(src)*(100-pglzSaving)/100, false
	for at := 0; at < len(src); {
		size := len(c.out.b) - len(dst)
		if size >= most || !matched && size >= pglzFirstMatch {
			return dst, false
		}
		n, offset := c.match(at, mask)
		if n == 0 {
			c.out.literal(src[at])
			c.remember(at, mask)
			at++
			continue
		}
		matched = true
		c.out.match(n, offset)
		for range n {
			c.remember(at, mask)
			at++
		}
	}
	return c.out.b, len(c.out.b)-len(dst) < most
}

func pglzListsFor(n int) int {
	switch {
	case n < 128:
		return 512
	case n < 256:
		return 1024
	case n < 512:
		return 2048
	case n < 1024:
		return 4096
	}
	return pglzLists
}

// hash is the list for the bytes at a position. C's char is signed where PostgreSQL's log is ours.
func (c *pglzCompressor) hash(at, mask int) int {
	s := c.src[at:]
	if len(s) < 4 {
		return int(int8(s[0])) & mask
	}
	return (int(int8(s[0]))<<6 ^ int(int8(s[1]))<<4 ^ int(int8(s[2]))<<2 ^ int(int8(s[3]))) & mask
}

// remember puts a position at the front of its list, in place of the oldest if all entries are used.
func (c *pglzCompressor) remember(at, mask int) {
	list := c.hash(at, mask)
	e := &c.entries[c.next]
	if c.recycle {
		if e.prev == 0 {
			c.lists[e.list] = e.next
		} else {
			c.entries[e.prev].next = e.next
		}
		if e.next != 0 {
			c.entries[e.next].prev = e.prev
		}
	}
	first := c.lists[list]
	*e = pglzEntry{next: first, list: int16(list), pos: int32(at)}
	if first != 0 {
		c.entries[first].prev = int16(c.next)
	}
	c.lists[list] = int16(c.next)
	if c.next++; c.next > pglzHistory {
		c.next, c.recycle = 1, true
	}
}

// match finds a long enough match of what comes at a position; 0 if there is none of three bytes.
func (c *pglzCompressor) match(at, mask int) (length, offset int) {
	good := pglzGood
	for e := c.lists[c.hash(at, mask)]; e != 0; {
		pos := int(c.entries[e].pos)
		if at-pos >= pglzFarthest {
			break
		}
		if n := c.common(at, pos); n > length {
			length, offset = n, at-pos
		}
		if e = c.entries[e].next; e != 0 {
			if length >= good {
				break
			}
			good -= good * pglzDrop / 100
		}
	}
	if length <= 2 {
		return 0, 0
	}
	return length, offset
}

// common is how many bytes are the same at two positions.
func (c *pglzCompressor) common(at, pos int) (n int) {
	for n < pglzLongest && at+n < len(c.src) && c.src[at+n] == c.src[pos+n] {
		n++
	}
	return n
}

// A pglzOutput is the stream that pglzDecompress describes, as it is written.
type pglzOutput struct {
	b       []byte
	control int // place of the control byte, -1 before the first
	bit     uint8
}

// item makes room for one more item in the control byte, and says there if it is a match.
func (o *pglzOutput) item(match bool) {
	if o.bit == 0 {
		o.control, o.bit = len(o.b), 1
		o.b = append(o.b, 0)
	}
	if match {
		o.b[o.control] |= o.bit
	}
	o.bit <<= 1
}

func (o *pglzOutput) literal(b byte) {
	o.item(false)
	o.b = append(o.b, b)
}

func (o *pglzOutput) match(length, offset int) {
	o.item(true)
	high := byte(offset>>4) & 0xF0
	if length < 18 {
		o.b = append(o.b, high|byte(length-3), byte(offset))
		return
	}
	o.b = append(o.b, high|0x0F, byte(offset), byte(length-18))
}
