package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/redoubt-wal/redoubt/node/census"
	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

// BenchmarkCensus asks about a thousand segments on a real file system: cold as node census does, from
// the files beside them; warm as the gate and the view do.
func BenchmarkCensus(b *testing.B) {
	o := manySegments(b)
	b.Run("cold", func(b *testing.B) { offline(b, o) })
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

// BenchmarkCensusRebuild makes the census of sixteen full segments of 16 MiB from the log itself, as if
// the files beside them were lost.
func BenchmarkCensusRebuild(b *testing.B) {
	const full = 16
	o := options(b, vfs.OS(), kv.Module)
	o.Dir, o.WALKeepSize, o.MaxWALSize = b.TempDir(), 4<<30, 4<<30
	if err := engine.Init(o.FS, o.Dir, engine.InitOptions{SystemID: 77, Now: epoch, Table: o.Table}); err != nil {
		b.Fatal(err)
	}
	s := storeOf(b, primary(b, o), o)
	size := wal.LSN(s.SegmentSize())
	end := (s.Positions().Insert/size + full + 1) * size
	for i := 0; s.Positions().Insert < end; i++ {
		s.put(key(i), value(i))
	}
	closeEngine(b, s.Engine)
	b.SetBytes(full * int64(size))
	removeSidecars(b, o)
	offline(b, o)
}

func offline(b *testing.B, o engine.Options) {
	for b.Loop() {
		if _, err := census.ScanDir(o.FS, o.Dir); err != nil {
			b.Fatal(err)
		}
	}
}

func removeSidecars(b *testing.B, o engine.Options) {
	names, err := filepath.Glob(filepath.Join(o.Dir, "pg_wal", "archive_status", "*.census"))
	if err != nil || len(names) == 0 {
		b.Fatalf("%d files of the census: %v", len(names), err)
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			b.Fatal(err)
		}
	}
}
