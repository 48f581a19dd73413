package wal_test

import (
	"bytes"
	"testing"

	"github.com/redoubt-wal/redoubt/test/golden"
	"github.com/redoubt-wal/redoubt/wal"
)

// What real servers compressed with pglz, we compress to the same bytes.
func TestPGLZCompressesAsPostgreSQLDoes(t *testing.T) {
	golden.Each(t, func(t *testing.T, l *golden.Log) {
		images, page, restored := 0, make([]byte, wal.PageSize), make([]byte, wal.PageSize)
		eachGolden(t, l, func(rec *wal.Record) {
			for i := range rec.Blocks {
				want := &rec.Blocks[i]
				if want.ImageInfo&wal.ImagePGLZ == 0 {
					continue
				}
				if err := wal.RestoreImage(want, page); err != nil {
					t.Fatal(err)
				}
				got := logged(t, wal.CompressPGLZ, page)
				if got.ImageInfo != want.ImageInfo&^wal.ImageApply|wal.ImageApply || got.HoleOffset != want.HoleOffset || !bytes.Equal(got.Image, want.Image) {
					t.Fatalf("%s: the image of block %d has %d bytes, PostgreSQL's %d", rec.LSN, i, len(got.Image), len(want.Image))
				}
				if err := wal.RestoreImage(&got, restored); err != nil || !bytes.Equal(restored, page) {
					t.Fatalf("%s: the image of block %d does not come back: %v", rec.LSN, i, err)
				}
				images++
			}
		})
		if images < 5 {
			t.Errorf("only %d images were compared", images)
		}
	})
}

// logged is the block of a record with an image of page.
func logged(t *testing.T, method wal.Compression, page []byte) wal.BlockRef {
	t.Helper()
	var b wal.Builder
	b.SetCompression(method)
	b.Begin(wal.RmgrExperimental, 0)
	b.AddBlockImage(wal.BlockRef{Rel: wal.RelFileLocator{Spc: 1663, DB: 5, Rel: 1}}, page, true)
	if err := b.Finish(); err != nil {
		t.Fatal(err)
	}
	var rec wal.Record
	if err := wal.DecodeRecord(bytes.Clone(b.Seal(0)), 0x100028, &rec); err != nil {
		t.Fatal(err)
	}
	return rec.Blocks[0]
}

// FuzzPGLZ compresses pages of any contents; they come back, and an image is never larger than its page.
func FuzzPGLZ(f *testing.F) {
	f.Add([]byte("abcabcabcabcabcabcabcabcabc"), uint16(0))
	f.Add([]byte{0xFF, 0x80, 0, 1}, uint16(8000))
	f.Fuzz(func(t *testing.T, text []byte, at uint16) {
		page, got := make([]byte, wal.PageSize), make([]byte, wal.PageSize)
		for n := int(at) % wal.PageSize; len(text) > 0 && n < wal.PageSize; {
			n += copy(page[n:], text)
		}
		b := logged(t, wal.CompressPGLZ, page)
		if err := wal.RestoreImage(&b, got); err != nil || len(b.Image) > wal.PageSize {
			t.Fatalf("image of %d bytes: %v", len(b.Image), err)
		}
		clear(page[b.HoleOffset : b.HoleOffset+b.HoleLength]) // not part of a page
		if !bytes.Equal(got, page) {
			t.Fatal("another page comes back")
		}
	})
}
