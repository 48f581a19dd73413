package kv

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/redoubt-wal/redoubt/wal/page"
)

// keysOf are kinds of keys that begin differently, alike, or in zeros.
var keysOf = map[string]func(rng *rand.Rand, i int) string{
	"random":                func(rng *rand.Rand, _ int) string { return fmt.Sprintf("%016x", rng.Uint64()) },
	"counted":               func(_ *rand.Rand, i int) string { return fmt.Sprintf("%08d", 7*i) },
	"alike in eight bytes":  func(rng *rand.Rand, _ int) string { return fmt.Sprintf("customer:%08x", rng.Uint32()) },
	"short, and zero bytes": func(rng *rand.Rand, _ int) string { return string(noisy(rng, 1+rng.IntN(10))) },
}

func noisy(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.IntN(3))
	}
	return b
}

// Search finds what a walk along the items finds, in leaves and above, for keys that are there and others.
func TestSearchFindsWhatAWalkFinds(t *testing.T) {
	for name, next := range keysOf {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			for size := range 90 {
				for level := range 2 {
					var keys []string
					for i := range size {
						keys = append(keys, next(rng, i))
					}
					slices.Sort(keys)
					keys = slices.Compact(keys)
					n := initNode(make([]byte, page.Size), level, noSibling)
					for i, key := range keys {
						if level == 0 {
							n.insert(i, le.AppendUint16(nil, uint16(len(key))), []byte(key), []byte("value"))
						} else {
							n.insert(i, []byte{1, 2, 3, 4}, []byte(key), nil)
						}
					}
					for range 40 {
						key := next(rng, rng.IntN(size+1))
						if rng.IntN(2) == 0 && len(keys) > 0 {
							key = keys[rng.IntN(len(keys))]
						}
						want, there := slices.BinarySearch(keys, key)
						if got, found, err := n.search([]byte(key)); got != want || found != there || err != nil {
							t.Fatalf("level %d, %d items: %q is at %d, %t, %v; want %d, %t", level, len(keys), key, got, found, err, want, there)
						}
					}
				}
			}
		})
	}
}

// A damaged node may lead anywhere, but not out of it.
func TestSearchStaysInsideADamagedNode(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		n := initNode(make([]byte, page.Size), rng.IntN(2), noSibling)
		for i := range 60 {
			n.insert(i, le.AppendUint16(nil, 9), fmt.Appendf(nil, "key %05d", i), bytes.Repeat([]byte("v"), 60))
		}
		for range 1 + rng.IntN(200) {
			n[headerSize+rng.IntN(specialAt-headerSize)] = byte(rng.Uint32())
		}
		if n.check() != nil {
			continue
		}
		if pos, _, err := n.search(fmt.Appendf(nil, "key %05d", rng.IntN(70))); err == nil && (pos < 0 || pos > n.count()) {
			t.Fatalf("position %d of %d", pos, n.count())
		}
	}
}
