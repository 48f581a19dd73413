package rmgrtest

import (
	"bytes"
	"math/rand/v2"

	"github.com/redoubt-wal/redoubt/wal"
	"github.com/redoubt-wal/redoubt/wal/page"
)

// mutate changes a copy of a record.
func mutate(rec wal.Record, rng *rand.Rand) wal.Record {
	rec.Main = mutateBytes(rec.Main, rng)
	blocks := append([]wal.BlockRef(nil), rec.Blocks...)
	for i := range blocks {
		if rng.IntN(3) == 0 {
			blocks[i].Data = mutateBytes(blocks[i].Data, rng)
		}
		if rng.IntN(6) == 0 {
			blocks[i].WillInit = !blocks[i].WillInit
		}
		if rng.IntN(6) == 0 {
			blocks[i].Block = uint32(rng.IntN(6))
		}
		if rng.IntN(20) == 0 {
			blocks[i].Rel.Rel++
		}
	}
	if len(blocks) > 0 && rng.IntN(8) == 0 {
		blocks = blocks[:rng.IntN(len(blocks))]
	}
	rec.Blocks = blocks
	if rng.IntN(8) == 0 {
		rec.Info = uint8(rng.Uint32())
	}
	return rec
}

func mutateBytes(b []byte, rng *rand.Rand) []byte {
	b = bytes.Clone(b)
	switch rng.IntN(6) {
	case 0:
		return noise(rng, rng.IntN(300))
	case 1:
		return append(b, noise(rng, 1+rng.IntN(9))...)
	case 2:
		return b[:rng.IntN(len(b)+1)]
	case 3:
		return b
	}
	for range 1 + rng.IntN(4) {
		if len(b) > 0 {
			b[rng.IntN(min(len(b), 40))] = byte(rng.Uint32())
		}
	}
	return b
}

// mutatePages damages some bytes, most of them in headers, in copies of the pages.
func mutatePages(p Pages, rng *rand.Rand) Pages {
	if rng.IntN(2) == 0 {
		return p
	}
	out := p.Clone()
	for key, b := range p {
		b = bytes.Clone(b)
		for range 1 + rng.IntN(3) {
			switch rng.IntN(3) {
			case 0:
				b[10+rng.IntN(14)] = byte(rng.Uint32())
			case 1:
				b[24+rng.IntN(64)] = byte(rng.Uint32())
			case 2:
				b[rng.IntN(len(b))] = byte(rng.Uint32())
			}
		}
		if rng.IntN(20) == 0 {
			b = noise(rng, page.Size)
		}
		out[key] = b
	}
	return out
}

func noise(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}
