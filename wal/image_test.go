package wal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/redoubt-wal/redoubt/wal"
)

// standardPage is a page with text up to lower and from upper on, zeros between.
func standardPage(lower, upper uint16) []byte {
	page := make([]byte, wal.PageSize)
	for i := range page {
		page[i] = byte("all work and no play "[i%21])
	}
	binary.LittleEndian.PutUint16(page[12:], lower)
	binary.LittleEndian.PutUint16(page[14:], upper)
	if lower < upper && int(upper) <= len(page) {
		clear(page[lower:upper])
	}
	return page
}

func TestImagesRestoreTheirPage(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	noise := func(lower, upper uint16) []byte {
		page := make([]byte, wal.PageSize)
		for i := range page {
			page[i] = byte(rng.Uint32())
		}
		binary.LittleEndian.PutUint16(page[12:], lower)
		binary.LittleEndian.PutUint16(page[14:], upper)
		return page
	}
	lastOfHole := standardPage(200, 5000)
	lastOfHole[4999] = 1
	pages := map[string]struct {
		page []byte
		hole int
	}{
		"with a hole":         {standardPage(200, 5000), 4800},
		"full":                {standardPage(4000, 4000), 0},
		"pointers are wrong":  {standardPage(10, 9000), 0},
		"not compressible":    {noise(0, 0), 0},
		"nearly all hole":     {standardPage(24, 8192), 8168},
		"hole of a few bytes": {standardPage(24, 26), 2},
		"something is kept between pd_lower and pd_upper": {noise(200, 5000), 0},
		"the hole's last byte is not zero":                {lastOfHole, 0},
	}
	for name, tt := range pages {
		for _, method := range []wal.Compression{wal.CompressNone, wal.CompressLZ4, wal.CompressZstd, wal.CompressPGLZ} {
			t.Run(fmt.Sprint(name, "/", method), func(t *testing.T) {
				var b wal.Builder
				b.SetCompression(method)
				b.Begin(wal.RmgrExperimental, 0)
				b.AddBlockImage(wal.BlockRef{Rel: relA}, tt.page, true)
				if err := b.Finish(); err != nil {
					t.Fatal(err)
				}
				ref := &decode(t, b.Seal(0), 0x1000).Blocks[0]
				if !ref.Apply() || int(ref.HoleLength) != tt.hole {
					t.Errorf("apply %t, hole %d, want %d", ref.Apply(), ref.HoleLength, tt.hole)
				}
				got := bytes.Repeat([]byte{0xAA}, wal.PageSize)
				if err := wal.RestoreImage(ref, got); err != nil || !bytes.Equal(got, tt.page) {
					t.Errorf("restored page differs: %v", err)
				}
			})
		}
	}
}

// pglzText is what PostgreSQL's pglz makes of "abcabcabc…" and the like: literals, then matches.
func TestPGLZ(t *testing.T) {
	tests := map[string]struct {
		src  []byte
		want string
		ok   bool
	}{
		"literals":                            {[]byte{0x00, 'a', 'b'}, "ab", true},
		"a match that overlaps itself":        {[]byte{0x08, 'a', 'b', 'c', 0x03, 0x03}, "abcabcabc", true},
		"a long match":                        {[]byte{0x02, 'x', 0x0F, 0x01, 2}, "x" + string(bytes.Repeat([]byte{'x'}, 20)), true},
		"a match before the beginning":        {[]byte{0x02, 'x', 0x00, 0x02}, "xxxx", false},
		"ends within a match":                 {[]byte{0x02, 'x', 0x00}, "xxxx", false},
		"ends too early":                      {[]byte{0x00, 'x'}, "xx", false},
		"more than there should be":           {[]byte{0x00, 'x', 'y', 'z'}, "xy", false},
		"offset in two bytes is at most 4095": {[]byte{0x02, 'x', 0xF0, 0xFF}, "xxxx", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ref := wal.BlockRef{Image: tt.src, ImageInfo: wal.ImageApply | wal.ImagePGLZ | wal.ImageHasHole, HoleOffset: uint16(len(tt.want)), HoleLength: uint16(wal.PageSize - len(tt.want))}
			page := make([]byte, wal.PageSize)
			err := wal.RestoreImage(&ref, page)
			if tt.ok && (err != nil || string(page[:len(tt.want)]) != tt.want) {
				t.Errorf("got %q, %v", page[:len(tt.want)], err)
			}
			if !tt.ok && !errors.Is(err, wal.ErrCorrupt) {
				t.Errorf("got %v, want ErrCorrupt", err)
			}
		})
	}
}
