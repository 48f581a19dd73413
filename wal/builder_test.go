package wal_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
)

var relA = wal.RelFileLocator{Spc: 1663, DB: 5, Rel: 16384}
var relB = wal.RelFileLocator{Spc: 1663, DB: 5, Rel: 16385}

func TestDecodeInvertsBuild(t *testing.T) {
	page := standardPage(40, 8000)
	img, info, off, hole := wal.NewImage(page, true)
	tests := map[string]func(b *wal.Builder) wal.Record{
		"main data only": func(b *wal.Builder) wal.Record {
			b.AddMain([]byte("ab"))
			b.AddMain([]byte("c"))
			return wal.Record{Main: []byte("abc")}
		},
		"255 and 256 bytes take different headers": func(b *wal.Builder) wal.Record {
			b.AddMain(make([]byte, 256))
			return wal.Record{Main: make([]byte, 256)}
		},
		"origin and top-level transaction": func(b *wal.Builder) wal.Record {
			b.SetOrigin(7)
			b.SetXid(9)
			b.SetTopXid(8)
			b.AddMain([]byte{1})
			return wal.Record{Origin: 7, Xid: 9, TopXid: 8, Main: []byte{1}}
		},
		"blocks of one relation share its name": func(b *wal.Builder) wal.Record {
			blocks := []wal.BlockRef{
				{ID: 0, Rel: relA, Block: 1, HasData: true, Data: []byte("x")},
				{ID: 1, Rel: relA, Block: 2, Fork: wal.ForkFSM, WillInit: true},
				{ID: 5, Rel: relB, Block: 3, HasData: true, Data: []byte("yz")},
			}
			for _, r := range blocks {
				b.AddBlock(r)
			}
			b.AddMain([]byte("main"))
			return wal.Record{Blocks: blocks, Main: []byte("main")}
		},
		"main data in three pieces": func(b *wal.Builder) wal.Record {
			b.AddMain([]byte("one "))
			b.AddMain([]byte("two "))
			b.AddMain([]byte("three"))
			return wal.Record{Main: []byte("one two three")}
		},
		"image without its hole, data kept": func(b *wal.Builder) wal.Record {
			r := wal.BlockRef{ID: 0, Rel: relA, Block: 1, HasData: true, Data: []byte("x"), Image: img, ImageInfo: info, HoleOffset: off, HoleLength: hole}
			b.AddBlock(r)
			return wal.Record{Blocks: []wal.BlockRef{r}}
		},
	}
	var b wal.Builder // reused, as in life
	for name, build := range tests {
		t.Run(name, func(t *testing.T) {
			b.Begin(wal.RmgrExperimental, 0x30)
			want := build(&b)
			if err := b.Finish(); err != nil {
				t.Fatal(err)
			}
			raw := b.Seal(0x1000)
			there := make([]byte, b.Len())
			if b.SealTo(there, 0x1000); !bytes.Equal(there, raw) {
				t.Errorf("in its place it is %x, elsewhere %x", there, raw)
			}
			want.LSN, want.End, want.Prev = 0x2000, 0x2000+wal.LSN((len(raw)+7)&^7), 0x1000
			want.Rmgr, want.Info, want.Total = wal.RmgrExperimental, 0x30, uint32(len(raw))
			got := *decode(t, raw, 0x2000)
			if len(got.Blocks) == 0 {
				got.Blocks = nil
			}
			if len(got.Blocks) != len(want.Blocks) {
				t.Fatalf("%d blocks, want %d", len(got.Blocks), len(want.Blocks))
			}
			for i := range got.Blocks {
				if !sameBlock(got.Blocks[i], want.Blocks[i]) {
					t.Errorf("block %d\n%+v, want\n%+v", i, got.Blocks[i], want.Blocks[i])
				}
			}
			got.Blocks, want.Blocks = nil, nil
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v, want\n%+v", got, want)
			}
		})
	}
}

func sameBlock(a, b wal.BlockRef) bool {
	return a.ID == b.ID && a.Fork == b.Fork && a.Rel == b.Rel && a.Block == b.Block && a.WillInit == b.WillInit &&
		a.HasData == b.HasData && bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Image, b.Image) && a.HasImage() == b.HasImage() &&
		a.ImageInfo == b.ImageInfo && a.HoleOffset == b.HoleOffset && a.HoleLength == b.HoleLength
}

func TestMistakesAreRefused(t *testing.T) {
	tests := map[string]struct {
		build func(b *wal.Builder)
		want  string
	}{
		"a manager between built in and custom": {func(b *wal.Builder) { b.Begin(22, 0) }, "resource manager ID 22"},
		"the log's own info bits":               {func(b *wal.Builder) { b.Begin(128, 0x04); b.AddMain([]byte{1}) }, "invalid info mask 04"},
		"an empty record":                       {func(b *wal.Builder) { b.Begin(128, 0) }, "empty"},
		"block ids that do not ascend": {func(b *wal.Builder) {
			b.Begin(128, 0)
			b.AddBlock(wal.BlockRef{ID: 1})
			b.AddBlock(wal.BlockRef{ID: 1})
		}, "ids must ascend"},
		"a block id that is too high": {func(b *wal.Builder) { b.Begin(128, 0); b.AddBlock(wal.BlockRef{ID: 33}) }, "highest is 32"},
		"more block data than fits":   {func(b *wal.Builder) { b.Begin(128, 0); b.AddBlock(wal.BlockRef{Data: make([]byte, 65536)}) }, "65535"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b wal.Builder
			tt.build(&b)
			if err := b.Finish(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestARecordMayBeFinishedTwiceAndGoOnInBetween(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 300)
	var once, twice wal.Builder
	for _, b := range []*wal.Builder{&once, &twice} {
		b.Begin(wal.RmgrExperimental, 0)
		b.SetOrigin(3)
		b.AddBlock(wal.BlockRef{Rel: relA, Block: 1, Data: []byte("d")})
		b.AddMain(long)
	}
	finish := func(b *wal.Builder) {
		t.Helper()
		if err := b.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	finish(&once)
	finish(&twice)
	finish(&twice)
	if got, want := twice.Seal(1), once.Seal(1); !bytes.Equal(got, want) {
		t.Errorf("finished twice it is %x, once %x", got, want)
	}
	for _, b := range []*wal.Builder{&once, &twice} {
		b.AddBlock(wal.BlockRef{ID: 1, Rel: relA, Block: 2})
		finish(b)
		if rec := decode(t, b.Seal(1), 0x2000); len(rec.Blocks) != 2 || len(rec.Main) != len(long) || rec.Origin != 3 {
			t.Errorf("with a block more it is %+v", rec)
		}
	}
}

func TestBuildingDoesNotAllocate(t *testing.T) {
	var b wal.Builder
	page, payload := standardPage(100, 6000), make([]byte, 1000)
	build := func() {
		b.Begin(wal.RmgrExperimental, 0)
		b.AddBlockImage(wal.BlockRef{Rel: relA, Block: 1}, page, true)
		b.AddMain(payload)
		if err := b.Finish(); err != nil {
			t.Fatal(err)
		}
		b.Seal(1)
	}
	build()
	if n := testing.AllocsPerRun(100, build); n != 0 {
		t.Errorf("%v allocations for each record", n)
	}
}
