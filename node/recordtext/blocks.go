package recordtext

import (
	"fmt"

	"github.com/redoubt-wal/redoubt/wal"
)

// appendBlocks appends block references in pg_waldump's short form.
func appendBlocks(dst []byte, rec *wal.Record) []byte {
	for i := range rec.Blocks {
		b := &rec.Blocks[i]
		dst = fmt.Appendf(dst, ", blkref #%d: rel %d/%d/%d", b.ID, b.Rel.Spc, b.Rel.DB, b.Rel.Rel)
		if b.Fork != wal.ForkMain {
			dst = append(append(dst, " fork "...), b.Fork.String()...)
		}
		dst = fmt.Appendf(dst, " blk %d", b.Block)
		if b.HasImage() {
			dst = append(append(dst, " FPW"...), verification(b)...)
		}
	}
	return dst
}

// appendDetails appends a line for each block reference (pg_waldump -b).
func appendDetails(dst []byte, rec *wal.Record) []byte {
	for i := range rec.Blocks {
		dst = append(AppendBlock(append(dst, '\t'), &rec.Blocks[i]), '\n')
	}
	return dst
}

// Blocks is the column block_ref of pg_walinspect: all references in full.
func Blocks(rec *wal.Record) string {
	var dst []byte
	for i := range rec.Blocks {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = AppendBlock(dst, &rec.Blocks[i])
	}
	return string(dst)
}

// AppendBlock appends one block reference in full.
func AppendBlock(dst []byte, b *wal.BlockRef) []byte {
	dst = fmt.Appendf(dst, "blkref #%d: rel %s fork %s blk %d", b.ID, b.Rel, b.Fork, b.Block)
	if !b.HasImage() {
		return dst
	}
	dst = fmt.Appendf(dst, " (FPW%s); hole: offset: %d, length: %d", verification(b), b.HoleOffset, b.HoleLength)
	if method := compression(b.ImageInfo); method != "" {
		dst = fmt.Appendf(dst, ", compression saved: %d, method: %s", wal.PageSize-int(b.HoleLength)-len(b.Image), method)
	}
	return dst
}

func verification(b *wal.BlockRef) string {
	if b.Apply() {
		return ""
	}
	return " for WAL verification"
}

// compression names the method; of several bits the first counts, as in PostgreSQL.
func compression(info uint8) string {
	switch {
	case info&wal.ImagePGLZ != 0:
		return "pglz"
	case info&wal.ImageLZ4 != 0:
		return "lz4"
	case info&wal.ImageZstd != 0:
		return "zstd"
	}
	return ""
}
