package wal

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// NewImage makes the full-page image of a data page for a BlockRef: the page without its hole, the
// unused bytes between pd_lower and pd_upper, which is left out if it is all zeros. With apply, replay
// restores the page from it; without, replay only compares (wal_consistency_checking). img shares
// page's memory if there is no hole.
func NewImage(page []byte, apply bool) (img []byte, info uint8, holeOff, holeLen uint16) {
	holeOff, holeLen = pageHole(page)
	info = imageInfo(holeLen, apply)
	if holeLen == 0 {
		return page, info, 0, 0
	}
	img = make([]byte, 0, PageSize-int(holeLen))
	img = append(img, page[:holeOff]...)
	return append(img, page[holeOff+holeLen:]...), info, holeOff, holeLen
}

// pageHole finds the hole of a standard page. A page whose pointers make no sense has none, and one
// with something in its hole neither: PostgreSQL leaves that out where the caller says that the page is
// a standard one (REGBUF_STANDARD); here nobody says so, and what replay would lose stays in the image.
func pageHole(page []byte) (off, length uint16) {
	lower := binary.LittleEndian.Uint16(page[12:])
	upper := binary.LittleEndian.Uint16(page[14:])
	if lower < 24 || upper <= lower || upper > PageSize {
		return 0, 0
	}
	if hole := page[lower:upper]; !bytes.Equal(hole, zeros[:len(hole)]) {
		return 0, 0
	}
	return lower, upper - lower
}

var zeros [PageSize]byte

func imageInfo(holeLen uint16, apply bool) (info uint8) {
	if holeLen != 0 {
		info |= ImageHasHole
	}
	if apply {
		info |= ImageApply
	}
	return info
}

func imageCompressed(info uint8) bool { return info&(ImagePGLZ|ImageLZ4|ImageZstd) != 0 }

// RestoreImage rebuilds the page that b's image was made of: it fills page (8 KiB), the hole with
// zeros. It may be called concurrently.
func RestoreImage(b *BlockRef, page []byte) error {
	if len(page) != PageSize {
		return fmt.Errorf("restore image of block %d: page has %d bytes, want %d", b.ID, len(page), PageSize)
	}
	off, hole := int(b.HoleOffset), int(b.HoleLength)
	if off+hole > PageSize {
		return fmt.Errorf("restore image of block %d: hole %d+%d leaves the page: %w", b.ID, off, hole, ErrCorrupt)
	}
	want := PageSize - hole
	img := b.Image
	if imageCompressed(b.ImageInfo) {
		// Decompress to the page's front; the part after the hole moves to its place below.
		n, err := decompress(b.ImageInfo, img, page[:want:want])
		if err == nil && n != want {
			err = fmt.Errorf("%d bytes decompressed, want %d", n, want)
		}
		if err != nil {
			return fmt.Errorf("restore image of block %d: %v: %w", b.ID, err, ErrCorrupt)
		}
		img = page[:want]
	}
	if len(img) != want {
		return fmt.Errorf("restore image of block %d: %d bytes, want %d: %w", b.ID, len(img), want, ErrCorrupt)
	}
	copy(page[off+hole:], img[off:])
	copy(page[:off], img[:off])
	clear(page[off : off+hole])
	return nil
}

func decompress(info uint8, src, dst []byte) (int, error) {
	switch info & (ImagePGLZ | ImageLZ4 | ImageZstd) {
	case ImagePGLZ:
		return pglzDecompress(src, dst)
	case ImageLZ4:
		return lz4.UncompressBlock(src, dst)
	case ImageZstd:
		out, err := zstdDecoder.DecodeAll(src, dst[:0])
		if len(out) == len(dst) {
			copy(dst, out) // it may have moved
		}
		return len(out), err
	}
	return 0, fmt.Errorf("unknown compression bits %02X", info)
}

// zstdDecoder is made here and not on first use: it holds a channel, which must not belong to the
// synctest bubble of whoever comes first. Its method DecodeAll may be called concurrently.
var zstdDecoder, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<20), zstd.WithDecoderLowmem(true))

// Compression is how page images are made smaller (wal_compression).
type Compression int

const (
	CompressNone Compression = iota
	CompressLZ4
	CompressZstd
	CompressPGLZ
)

// A compressor keeps what compressing needs between records.
type compressor struct {
	in, out []byte
	lz4     lz4.Compressor
	zstd    *zstd.Encoder
	pglz    *pglzCompressor
}

// compress returns the smaller form of before+after and its image bit, or 0 if there is none.
func (c *compressor) compress(m Compression, before, after []byte) (img []byte, bit uint8) {
	if m == CompressNone {
		return nil, 0
	}
	c.in = append(append(c.in[:0], before...), after...)
	switch m {
	case CompressLZ4:
		if cap(c.out) < PageSize {
			c.out = make([]byte, PageSize)
		}
		n, err := c.lz4.CompressBlock(c.in, c.out[:PageSize])
		if err != nil || n == 0 {
			return nil, 0
		}
		img, bit = c.out[:n], ImageLZ4
	case CompressZstd:
		if c.zstd == nil {
			c.zstd, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		}
		c.out = c.zstd.EncodeAll(c.in, c.out[:0])
		img, bit = c.out, ImageZstd
	case CompressPGLZ:
		if c.pglz == nil {
			c.pglz = new(pglzCompressor)
		}
		ok := false
		if c.out, ok = c.pglz.compress(c.out[:0], c.in); !ok {
			return nil, 0
		}
		img, bit = c.out, ImagePGLZ
	}
	extra := 0
	if len(c.in) != PageSize {
		extra = 2 // the hole's length has to be said
	}
	if len(img)+extra >= len(c.in) {
		return nil, 0
	}
	return img, bit
}
