package kv

import (
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// cacheLine is a usual size, for guesses only.
const cacheLine = 64

// Foresee makes manager an rmgr.Foreseer: for a change in a leaf it names where the item goes, and the
// items that the search for its place looks at first, then those that it looks at next; of a page that is
// split, all that is in use.
func (manager) Foresee(bytes []byte, rec *wal.Record, ref *wal.BlockRef, round int, at []uint16) []uint16 {
	op := rec.Op()
	if op == opSplit && round == 0 && !ref.WillInit && ref.Block != metaBlock && len(bytes) == page.Size && node(bytes).check() == nil {
		for from := node(bytes).upper(); from < specialAt; from += cacheLine {
			at = append(at, uint16(from))
		}
		return at
	}
	if op != opInsert && op != opUpdate && op != opDelete || ref.Block == metaBlock || len(bytes) != page.Size {
		return at
	}
	leaf := node(bytes)
	_, c, err := parseChange(op, rec.Main)
	if err != nil || leaf.check() != nil || leaf.level() != 0 || leaf.right() == noSibling {
		return at
	}
	lo, hi := 0, leaf.count()
	if round == 0 {
		to := leaf.upper()
		for from := to - 2 - len(c.key) - len(c.value); from < to+cacheLine && from > 0 && op == opInsert; from += cacheLine {
			at = append(at, uint16(min(from, to)))
		}
	} else {
		lo, hi = leaf.narrowOnce(prefix(c.key), lo, hi)
	}
	k := min(pivots, hi-lo)
	for i := range k {
		off, _ := leaf.line(pivot(lo, hi, i, k))
		at = append(at, uint16(min(off+2, specialAt)))
	}
	return at
}
