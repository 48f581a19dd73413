package buffer_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/node/buffer"
)

// The memory of a pool comes in pieces, some of which are being populated while they are used: each page
// has its own, and begins as zeros.
func TestEveryPageHasMemoryOfItsOwn(t *testing.T) {
	for _, pages := range []int{buffer.MinPages, 1000, 4099} {
		p, _ := newPool(buffer.Options{Pages: pages})
		for i := range uint32(pages) {
			b, err := p.GetNew(tag(i))
			if err != nil {
				t.Fatal(err)
			}
			for at, v := range b.Page() {
				if v != 0 {
					t.Fatalf("page %d of %d: byte %d is %d before it was used", i, pages, at, v)
				}
			}
			b.Release()
			change(t, p, i, uint64(i)+1, 8)
		}
		for i := range uint32(pages) {
			if got := read(t, p, i); got != uint64(i)+1 {
				t.Fatalf("page %d of %d holds %d", i, pages, got)
			}
		}
		if s := p.Stats(); s.Evictions != 0 {
			t.Errorf("%d pages: %d evictions", pages, s.Evictions)
		}
		// A page that takes the place of another begins as zeros, too.
		b, err := p.GetNew(tag(uint32(pages)))
		if err != nil {
			t.Fatal(err)
		}
		for at, v := range b.Page() {
			if v != 0 {
				t.Fatalf("page after an eviction: byte %d is %d", at, v)
			}
		}
		b.Release()
	}
}
