package wal

import (
	"encoding/binary"
	"fmt"
)

// Bits of a block header's fork_flags. On disk: never renumber.
const (
	blockForkMask uint8 = 0x0F
	blockHasImage uint8 = 0x10
	blockHasData  uint8 = 0x20
	blockWillInit uint8 = 0x40
	blockSameRel  uint8 = 0x80
)

// AddBlock names a page. Data is attached as given (by convention a block with an image that is to
// be applied carries none). An Image comes from NewImage or Compress with its info and hole.
func (b *Builder) AddBlock(r BlockRef) {
	if b.beginBlock(&r) {
		b.appendBlockHeader(&r, len(r.Image))
		b.payload = append(b.payload, r.Image...)
		b.payload = append(b.payload, r.Data...)
	}
}

// AddBlockImage is AddBlock with a full image of page (8 KiB), its hole left out and compressed as
// SetCompression says; apply as in NewImage. r.Image, r.ImageInfo and the hole are ignored. It is
// the way that does not allocate.
func (b *Builder) AddBlockImage(r BlockRef, page []byte, apply bool) {
	if !b.beginBlock(&r) {
		return
	}
	if len(page) != PageSize {
		b.err = fmt.Errorf("block %d: page has %d bytes, want %d", r.ID, len(page), PageSize)
		return
	}
	r.HoleOffset, r.HoleLength = pageHole(page)
	r.ImageInfo = imageInfo(r.HoleLength, apply)
	r.Image = page // only to say that there is one
	before := page[:r.HoleOffset]
	after := page[r.HoleOffset+r.HoleLength:]
	if img, bit := b.scratch.compress(b.method, before, after); bit != 0 {
		r.ImageInfo |= bit
		before, after = img, nil
	}
	b.appendBlockHeader(&r, len(before)+len(after))
	b.payload = append(append(b.payload, before...), after...)
	b.payload = append(b.payload, r.Data...)
}

// SetCompression chooses how AddBlockImage compresses images from now on; the zero value is none.
func (b *Builder) SetCompression(m Compression) { b.method = m }

func (b *Builder) beginBlock(r *BlockRef) bool {
	switch {
	case b.err != nil:
	case r.ID >= MaxBlocks:
		b.err = fmt.Errorf("block id %d: the highest is %d", r.ID, MaxBlocks-1)
	case int(r.ID) <= b.lastID:
		b.err = fmt.Errorf("block id %d after %d: ids must ascend", r.ID, b.lastID)
	case r.Fork > ForkInit:
		b.err = fmt.Errorf("block %d: fork %d does not exist", r.ID, r.Fork)
	case len(r.Data) > 0xFFFF:
		b.err = fmt.Errorf("block %d: %d bytes of data, at most 65535 fit", r.ID, len(r.Data))
	case len(r.Image) > PageSize:
		b.err = fmt.Errorf("block %d: image of %d bytes is larger than a page", r.ID, len(r.Image))
	default:
		b.lastID = int(r.ID)
		return true
	}
	return false
}

func (b *Builder) appendBlockHeader(r *BlockRef, imageLen int) {
	le := binary.LittleEndian
	flags := uint8(r.Fork)
	sameRel := b.blocks > 0 && r.Rel == b.lastRel
	if r.Image != nil {
		flags |= blockHasImage
		b.images++
	}
	if len(r.Data) > 0 {
		flags |= blockHasData
	}
	if r.WillInit {
		flags |= blockWillInit
	}
	if sameRel {
		flags |= blockSameRel
	}
	h := append(b.head[:b.named], r.ID, flags)
	h = le.AppendUint16(h, uint16(len(r.Data)))
	if r.Image != nil {
		h = le.AppendUint16(h, uint16(imageLen))
		h = le.AppendUint16(h, r.HoleOffset)
		h = append(h, r.ImageInfo)
		if imageCompressed(r.ImageInfo) && r.ImageInfo&ImageHasHole != 0 {
			h = le.AppendUint16(h, r.HoleLength)
		}
	}
	if !sameRel {
		h = le.AppendUint32(h, r.Rel.Spc)
		h = le.AppendUint32(h, r.Rel.DB)
		h = le.AppendUint32(h, r.Rel.Rel)
	}
	b.head = le.AppendUint32(h, r.Block)
	b.named = len(b.head)
	b.blocks++
	b.lastRel = r.Rel
}
