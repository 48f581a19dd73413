package wal

import (
	"encoding/binary"
	"fmt"
)

// placeholder marks a block that has an image until its bytes are cut out.
var placeholder = []byte{}

// decodeBlockHeader reads the block header at the front of src, appends the block to rec and
// returns the header's length and how many payload bytes it promises.
func decodeBlockHeader(src []byte, rec *Record) (n, payload int, err error) {
	id := src[0]
	if id >= MaxBlocks {
		return 0, 0, fmt.Errorf("invalid block id %d", id)
	}
	if len(src) < 4 {
		return 0, 0, errTruncatedRecord
	}
	if k := len(rec.Blocks); k != 0 && rec.Blocks[k-1].ID >= id {
		return 0, 0, fmt.Errorf("block id %d after %d", id, rec.Blocks[k-1].ID)
	}
	flags := src[1]
	k := len(rec.Blocks)
	if k < cap(rec.Blocks) { // in place: a block is large, and most records have one
		rec.Blocks = rec.Blocks[:k+1]
	} else {
		rec.Blocks = append(rec.Blocks, BlockRef{})
	}
	b := &rec.Blocks[k]
	*b = BlockRef{} // in place; of a literal with values a copy is made first
	b.ID = id
	b.Fork = ForkNumber(flags & blockForkMask)
	b.WillInit = flags&blockWillInit != 0
	b.HasData = flags&blockHasData != 0
	b.dataLen = binary.LittleEndian.Uint16(src[2:])
	if b.Fork > ForkInit {
		return 0, 0, fmt.Errorf("block %d: invalid fork %d", id, b.Fork)
	}
	if b.HasData != (b.dataLen != 0) {
		return 0, 0, fmt.Errorf("block %d: data flag %t, but data length is %d", id, b.HasData, b.dataLen)
	}
	n, payload = 4, int(b.dataLen)
	if flags&blockHasImage != 0 {
		k, err := decodeImageHeader(src[n:], b)
		if err != nil {
			return 0, 0, err
		}
		n, payload = n+k, payload+int(b.imageLen)
	}
	if flags&blockSameRel == 0 {
		if len(src) < n+12 {
			return 0, 0, errTruncatedRecord
		}
		le := binary.LittleEndian
		b.Rel = RelFileLocator{Spc: le.Uint32(src[n:]), DB: le.Uint32(src[n+4:]), Rel: le.Uint32(src[n+8:])}
		n += 12
	} else {
		if k == 0 {
			return 0, 0, fmt.Errorf("block %d: same relation as the block before, but there is none", id)
		}
		b.Rel = rec.Blocks[k-1].Rel
	}
	if len(src) < n+4 {
		return 0, 0, errTruncatedRecord
	}
	b.Block = binary.LittleEndian.Uint32(src[n:])
	return n + 4, payload, nil
}

func decodeImageHeader(src []byte, b *BlockRef) (n int, err error) {
	if len(src) < 5 {
		return 0, errTruncatedRecord
	}
	le := binary.LittleEndian
	b.Image = placeholder
	b.imageLen, b.HoleOffset, b.ImageInfo = le.Uint16(src), le.Uint16(src[2:]), src[4]
	n = 5
	hole, compressed := b.ImageInfo&ImageHasHole != 0, imageCompressed(b.ImageInfo)
	switch {
	case hole && compressed:
		if len(src) < 7 {
			return 0, errTruncatedRecord
		}
		b.HoleLength = le.Uint16(src[5:])
		n = 7
	case hole:
		b.HoleLength = PageSize - b.imageLen
	}
	return n, checkImage(b, hole, compressed)
}

// checkImage applies the cross-checks of PostgreSQL's DecodeXLogRecord.
func checkImage(b *BlockRef, hole, compressed bool) error {
	switch {
	case b.imageLen > PageSize:
		return fmt.Errorf("block %d: image of %d bytes is larger than a page", b.ID, b.imageLen)
	case hole && (b.HoleOffset == 0 || b.HoleLength == 0 || b.imageLen == PageSize):
		return fmt.Errorf("block %d: hole flag, but offset %d, length %d, image %d", b.ID, b.HoleOffset, b.HoleLength, b.imageLen)
	case !hole && (b.HoleOffset != 0 || b.HoleLength != 0):
		return fmt.Errorf("block %d: no hole flag, but offset %d, length %d", b.ID, b.HoleOffset, b.HoleLength)
	case int(b.HoleOffset)+int(b.HoleLength) > PageSize:
		return fmt.Errorf("block %d: hole %d+%d leaves the page", b.ID, b.HoleOffset, b.HoleLength)
	case compressed && b.imageLen == PageSize:
		return fmt.Errorf("block %d: compressed image is as large as a page", b.ID)
	case !hole && !compressed && b.imageLen != PageSize:
		return fmt.Errorf("block %d: neither hole nor compression, but image has %d bytes", b.ID, b.imageLen)
	}
	return nil
}
