package kv

import (
	"bytes"
	"context"

	"github.com/redoubt-wal/redoubt/rmgr"
)

// A scan reads leaves from left to right. Each leaf's rows are copied before they are sent: no page
// is held while a client is slow.
type scan struct {
	c     *cursor
	to    []byte
	bound bool // to is an end
	left  int64
	text  []byte // keys and values of the rows, one behind the other
	ends  []int  // where each key and each value ends in text
	done  bool
	first bool
	last  []byte // the key before, to see that keys ascend
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
	text, from := string(sc.text), 0
	for i := 0; i < len(sc.ends); i += 2 {
		middle, end := sc.ends[i], sc.ends[i+1]
		if err := row(text[from:middle], text[middle:end]); err != nil {
			return err
		}
		from = end
	}
	return nil
}

func (sc *scan) leaf(page []byte) error {
	n := node(page)
	sc.text, sc.ends = sc.text[:0], sc.ends[:0]
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
	for ; pos < n.count() && sc.left > 0; pos++ {
		key, value, err := n.pair(pos)
		switch {
		case err != nil:
			return err
		case !sc.first && bytes.Compare(sc.last, key) >= 0:
			return damaged("keys do not ascend")
		case sc.bound && bytes.Compare(key, sc.to) >= 0:
			sc.done = true
			return nil
		}
		sc.text = append(sc.text, key...)
		sc.ends = append(sc.ends, len(sc.text))
		sc.text = append(sc.text, value...)
		sc.ends = append(sc.ends, len(sc.text))
		sc.last, sc.first = append(sc.last[:0], key...), false
		sc.left--
	}
	sc.c.right = n.right()
	return nil
}
