package kv

import (
	"bytes"
	"context"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A scan reads leaves from left to right. Each leaf's rows are copied before they are sent: no page
// is held while a client is slow. Long values are read one at a time, when it is their turn.
type scan struct {
	c     *cursor
	to    []byte
	bound bool // to is an end
	left  int64
	done  bool
	first bool
	last  []byte // the key before this leaf's, to see that keys ascend
}

// rows are copies of one leaf's pairs, kept by the cursor so that they are made once.
type rows struct {
	text []byte // keys and values, one behind the other
	ends []end
	pair [2]any
}

// An end says where a key and its value end in the text.
type end struct {
	key, value int
	long       bool // the value is a chain's descriptor
}

// callRange gives the keys from ≤ k < to; NULL leaves that end open, lim NULL means all.
func callRange(ctx context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	c := open(s)
	defer c.close()
	from, _ := args[0].(string)
	sc := scan{c: c, left: 1<<63 - 1, first: true}
	if to, ok := args[1].(string); ok {
		sc.to, sc.bound = []byte(to), true
	}
	if lim, ok := args[2].(int64); ok {
		if lim < 0 {
			return &rmgr.Error{Code: "2201W", Message: "lim must not be negative"}
		}
		sc.left = lim
	}
	c.key = append(c.key[:0], from...)
	if err := c.find(wantPlace); err != nil || c.empty {
		return err
	}
	see := func(_ *cursor, page []byte) error { return sc.leaf(page) }
	for block, seen := c.path[0].block, uint32(0); block != noSibling && !sc.done && sc.left > 0; block = c.right {
		if err := ctx.Err(); err != nil {
			return err
		}
		if seen++; seen > c.pages {
			return broken(block, damaged("its siblings run in a circle"))
		}
		if err := c.page(block, see); err != nil {
			return err
		}
		if err := sc.send(row); err != nil {
			return err
		}
	}
	return nil
}

// send gives the rows of one leaf; their strings share one piece of memory.
func (sc *scan) send(row func(...any) error) error {
	r := &sc.c.rows
	text, from := string(r.text), 0
	for _, e := range r.ends {
		value := text[e.key:e.value]
		if e.long {
			ch, _ := parseChain([]byte(value)) // checked by pair
			var err error
			if value, err = sc.c.longText(ch); err != nil {
				return err
			}
		}
		r.pair[0], r.pair[1] = text[from:e.key], value
		if err := row(r.pair[:]...); err != nil {
			return err
		}
		from = e.value
	}
	return nil
}

func (sc *scan) leaf(page []byte) error {
	n, r := node(page), &sc.c.rows
	r.text, r.ends = r.text[:0], r.ends[:0]
	if err := n.check(); err != nil {
		return err
	}
	if n.level() != 0 {
		return damaged("level %d where a leaf was expected", n.level())
	}
	pos := 0
	if sc.first {
		var err error
		if pos, _, err = n.search(sc.c.key); err != nil {
			return err
		}
	}
	before := sc.last
	for ; pos < n.count() && sc.left > 0; pos++ {
		key, value, long, err := n.pair(pos)
		switch {
		case err != nil:
			return err
		case !sc.first && bytes.Compare(before, key) >= 0:
			return damaged("keys do not ascend")
		case sc.bound && bytes.Compare(key, sc.to) >= 0:
			sc.done = true
			return nil
		}
		r.text = append(append(r.text, key...), value...)
		r.ends = append(r.ends, end{len(r.text) - len(value), len(r.text), long})
		before, sc.first = key, false
		sc.left--
	}
	sc.last = append(sc.last[:0], before...)
	sc.c.right = n.right()
	return nil
}
