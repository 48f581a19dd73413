package engine_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/redoubt-wal/redoubt/node/engine"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/wal/vfs"
)

func onDisk(b *testing.B) (store, engine.Options) {
	o := options(b, vfs.OS(), kv.Module)
	o.Dir = b.TempDir() + "/data"
	o.SharedBuffers = 16384
	if err := engine.Init(o.FS, o.Dir, engine.InitOptions{Now: epoch, Table: o.Table}); err != nil {
		b.Fatal(err)
	}
	return storeOf(b, primary(b, o), o), o
}

// BenchmarkCallPut is a write without its flush.
func BenchmarkCallPut(b *testing.B) {
	s, _ := onDisk(b)
	defer s.Abort()
	fn, _ := s.tab.Function("kv_put")
	args := []any{"", "some value of about forty bytes, as it comes"}
	ignore := func(...any) error { return nil }
	n := 0
	for b.Loop() {
		n++
		args[0] = fmt.Sprintf("key%06d", n%100000)
		if _, err := s.Call(context.Background(), &fn, args, ignore); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecovery replays what a crash left.
func BenchmarkRecovery(b *testing.B) {
	s, o := onDisk(b)
	fn, _ := s.tab.Function("kv_put")
	for n := range 300000 {
		if _, err := s.Call(context.Background(), &fn, []any{fmt.Sprintf("key%06d", n%100000), "some value of about forty bytes, as it comes"}, func(...any) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	bytes := int64(s.Log().InsertLSN() - s.Positions().Redo)
	if err := s.Log().Flush(s.Log().InsertLSN()); err != nil {
		b.Fatal(err)
	}
	s.Abort()
	b.SetBytes(bytes)
	for b.Loop() {
		open(b, o).Abort()
	}
}
