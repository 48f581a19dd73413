package buffer_test

import (
	"testing"

	"github.com/redoubt-wal/redoubt/node/buffer"
)

func TestPagesThatAreHereArePinnedTogether(t *testing.T) {
	p, _ := newPool(buffer.Options{})
	change(t, p, 3, 33, 8)
	change(t, p, 5, 55, 8)
	var found [3]*buffer.Buffer
	p.PinHere([]buffer.Tag{tag(3), tag(4), tag(5)}, found[:])
	if found[0] == nil || found[0].Block() != 3 || found[1] != nil || found[2] == nil || found[2].Block() != 5 {
		t.Fatalf("found %v", found)
	}
	found[0].Fetch([]uint16{0, 8191, 8192, 65535}) // beyond the page there is nothing
	for i := range uint32(2 * buffer.MinPages) {
		change(t, p, 100+i, 0, 8)
	}
	if !found[0].Is(&buffer.Tag{Rel: rel, Block: 3}) || read(t, p, 5) != 55 {
		t.Error("a pinned page was evicted")
	}
	found[0].Release()
	found[2].Release()
	for i := range uint32(8 * buffer.MinPages) {
		change(t, p, 1000+i, 0, 8)
	}
	if p.PinHere([]buffer.Tag{tag(3), tag(5)}, found[:2]); found[0] != nil || found[1] != nil {
		t.Error("a page that nobody has pinned stays")
	}
}
