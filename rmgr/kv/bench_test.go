package kv_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/rmgr"
	"github.com/redoubt-wal/redoubt/rmgr/kv"
	"github.com/redoubt-wal/redoubt/rmgr/rmgrtest"
	"github.com/redoubt-wal/redoubt/wal"
)

// inPlace is a session that costs as little as can be, so that the figures are the module's: pages
// in a slice, changed in place, and a log that is thrown away.
type inPlace struct {
	manager rmgr.Manager
	format  rmgr.Format
	pages   [][]byte
	rec     wal.Record
	blocks  [17]wal.BlockRef
	next    wal.LSN
}

func (s *inPlace) Page(_ wal.RelFileLocator, _ wal.ForkNumber, block uint32, fn func([]byte)) (bool, error) {
	if int(block) >= len(s.pages) {
		return false, nil
	}
	fn(s.pages[block])
	return true, nil
}

func (s *inPlace) Blocks(wal.RelFileLocator, wal.ForkNumber) (uint32, error) {
	return uint32(len(s.pages)), nil
}
func (s *inPlace) Format(wal.RmgrID) rmgr.Format { return s.format }

func (s *inPlace) Emit(in rmgr.NewRecord) (wal.LSN, error) {
	s.next += 64
	s.rec = wal.Record{LSN: s.next - 64, End: s.next, Rmgr: in.Rmgr, Info: in.Info, Main: in.Main, Blocks: s.blocks[:len(in.Blocks)]}
	for i, b := range in.Blocks {
		s.blocks[i] = wal.BlockRef{ID: uint8(i), Rel: b.Rel, Block: b.Block, WillInit: b.WillInit, Data: b.Data, HasData: len(b.Data) > 0}
	}
	return s.next, s.manager.Redo(redo{s}, &s.rec)
}

type redo struct{ *inPlace }

func (r redo) Format() rmgr.Format    { return r.format }
func (redo) Replaying() bool          { return true }
func (redo) Signal(int, string) error { return nil }
func (redo) Keep([]byte)              {}
func (redo) Log() *slog.Logger        { return nil }

func (r redo) Block(rec *wal.Record, id uint8) ([]byte, rmgr.RedoAction, error) {
	b := &rec.Blocks[id]
	for int(b.Block) >= len(r.pages) {
		r.pages = append(r.pages, make([]byte, 8192))
	}
	if b.WillInit {
		clear(r.pages[b.Block])
	}
	return r.pages[b.Block], rmgr.NeedsRedo, nil
}

func find(name string) rmgr.Function {
	for _, f := range kv.Module.Functions {
		if f.Name == name {
			return f
		}
	}
	panic(name)
}

func ignore(...any) error { return nil }

func filled(b *testing.B, format rmgr.Format, n int) *inPlace {
	s := &inPlace{manager: kv.Module.Managers[0].Manager, format: format, next: 0x1000028}
	for i := range n {
		if err := find("kv_put").Call(context.Background(), s, []any{spread(i), "a value of thirty-two bytes, yes."}, ignore); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func spread(i int) string { return fmt.Sprintf("key-%016x", uint64(i)*0x9E3779B97F4A7C15) }

func BenchmarkPut(b *testing.B) {
	for _, f := range []rmgr.Format{1, 2} {
		b.Run(fmt.Sprintf("insert/format=%d", f), func(b *testing.B) {
			s, put := filled(b, f, 100000), find("kv_put").Call
			b.ReportAllocs()
			args, i := []any{"", "a value of thirty-two bytes, yes."}, 100000
			for b.Loop() {
				args[0] = spread(i)
				i++
				if err := put(context.Background(), s, args, ignore); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("update/format=%d", f), func(b *testing.B) {
			s, put := filled(b, f, 100000), find("kv_put").Call
			b.ReportAllocs()
			args, i := []any{"", "a value of thirty-two bytes, no.."}, 0
			for b.Loop() {
				args[0] = spread(i % 100000)
				i++
				if err := put(context.Background(), s, args, ignore); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	s, get := filled(b, 2, 100000), find("kv_get").Call
	b.ReportAllocs()
	args, i := []any{""}, 0
	for b.Loop() {
		args[0] = spread(i % 100000)
		i++
		if err := get(context.Background(), s, args, ignore); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRange100(b *testing.B) {
	s, scan := filled(b, 2, 100000), find("kv_range").Call
	b.ReportAllocs()
	args, i := []any{"", nil, int64(100)}, 0
	for b.Loop() {
		args[0] = spread(i % 100000)
		i++
		if err := scan(context.Background(), s, args, ignore); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLong puts and gets a value of 1 MiB: 129 pages.
func BenchmarkLong(b *testing.B) {
	value := strings.Repeat("v", 1<<20)
	b.Run("put", func(b *testing.B) {
		s, put := filled(b, 2, 1000), find("kv_put").Call
		b.ReportAllocs()
		b.SetBytes(1 << 20)
		for b.Loop() {
			if err := put(context.Background(), s, []any{"long", value}, ignore); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("get", func(b *testing.B) {
		s, get := filled(b, 2, 1000), find("kv_get").Call
		if err := find("kv_put").Call(context.Background(), s, []any{"long", value}, ignore); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		b.SetBytes(1 << 20)
		for b.Loop() {
			if err := get(context.Background(), s, []any{"long"}, ignore); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDelete empties a store, and fills it again off the clock.
func BenchmarkDelete(b *testing.B) {
	const n = 100_000
	s, remove := filled(b, 2, n), find("kv_delete").Call
	b.ReportAllocs()
	b.ResetTimer()
	args := []any{""}
	for i := range b.N {
		if i > 0 && i%n == 0 {
			b.StopTimer()
			s = filled(b, 2, n)
			b.StartTimer()
		}
		args[0] = spread(i % n)
		if err := remove(context.Background(), s, args, ignore); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRedo replays inserts alone, and a mixture of everything.
func BenchmarkRedo(b *testing.B) {
	b.Run("insert", func(b *testing.B) {
		rmgrtest.BenchmarkRedo(b, kv.Module, func(t testing.TB, e *rmgrtest.Engine, _ *rand.Rand) {
			for i := range 20000 {
				put(t, e, spread(i), "a value of thirty-two bytes, yes.")
			}
		})
	})
	b.Run("mixed", func(b *testing.B) { rmgrtest.BenchmarkRedo(b, kv.Module) })
}
