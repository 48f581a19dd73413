package engine_test

import (
	"context"
	"testing"

	"github.com/redoubt-wal/redoubt/node/census"
)

// BenchmarkCensus asks about a thousand segments on a real file system: cold as node census does, from
// the files beside them; rebuilt from the segments themselves; warm as the gate and the view do.
func BenchmarkCensus(b *testing.B) {
	o := manySegments(b)
	offline := func(b *testing.B) {
		if _, err := census.ScanDir(o.FS, o.Dir); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			offline(b)
		}
	})
	e := open(b, o)
	defer e.Abort()
	holder(b, e)
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.Census(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
