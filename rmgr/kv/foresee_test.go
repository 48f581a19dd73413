package kv

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// What is foreseen of an insert is where the item will begin, and the items on both sides of its place.
func TestForeseenAreTheNeighboursOfANewItem(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for size := range 49 {
		leaf := initNode(make([]byte, page.Size), 0, 7)
		var keys []string
		for range size {
			keys = append(keys, fmt.Sprintf("%016x", rng.Uint64()))
		}
		slices.Sort(keys)
		for i, key := range keys {
			leaf.insert(i, le.AppendUint16(nil, uint16(len(key))), []byte(key), []byte("value"))
		}
		key := fmt.Sprintf("%016x", rng.Uint64())
		rec := &wal.Record{Info: opInsert, Main: appendChange(nil, 2, opInsert, change{key: []byte(key), value: []byte("new")})}
		var foreseen []uint16
		for round := range rmgr.ForeseeRounds {
			foreseen = manager{}.Foresee(leaf, rec, &wal.BlockRef{Block: 3}, round, foreseen)
		}
		var want []int
		want = append(want, leaf.upper()-2-len(key)-len("new"))
		pos, _ := slices.BinarySearch(keys, key)
		for _, i := range []int{pos - 1, pos} {
			if i >= 0 && i < size {
				off, _ := leaf.line(i)
				want = append(want, off+2)
			}
		}
		for _, off := range want {
			if !slices.Contains(foreseen, uint16(off)) {
				t.Errorf("%d items: offset %d is not among %v", size, off, foreseen)
			}
		}
	}
}

// A page that is split is looked at as a whole: no byte in use is further from what is foreseen than a line.
func TestForeseenIsAllOfAPageThatIsSplit(t *testing.T) {
	leaf := initNode(make([]byte, page.Size), 0, 7)
	for i := range 40 {
		leaf.insert(i, le.AppendUint16(nil, 9), fmt.Appendf(nil, "key %05d", i), make([]byte, 50))
	}
	rec := &wal.Record{Info: opSplit}
	foreseen := manager{}.Foresee(leaf, rec, &wal.BlockRef{Block: 3}, 0, nil)
	next := leaf.upper()
	for _, off := range foreseen {
		if int(off) > next {
			t.Errorf("nothing is foreseen from %d to %d", next, off)
		}
		next = int(off) + cacheLine
	}
	if next < specialAt {
		t.Errorf("nothing is foreseen from %d on", next)
	}
	if got := (manager{}).Foresee(leaf, rec, &wal.BlockRef{Block: 3, WillInit: true}, 0, nil); len(got) != 0 {
		t.Errorf("of a page that is made anew %v is foreseen", got)
	}
}

// Where ascending keys arrive the search looks at one item; on a page of another kind it looks at none.
func TestNothingIsForeseenWhereItDoesNotHelp(t *testing.T) {
	rec := &wal.Record{Info: opInsert, Main: appendChange(nil, 2, opInsert, change{key: []byte("k")})}
	inner := initNode(make([]byte, page.Size), 1, 7)
	for name, bytes := range map[string][]byte{
		"rightmost leaf": initNode(make([]byte, page.Size), 0, noSibling), "inner node": inner, "zeros": make([]byte, page.Size), "no page": nil,
	} {
		if got := (manager{}).Foresee(bytes, rec, &wal.BlockRef{Block: 3}, 0, nil); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}
