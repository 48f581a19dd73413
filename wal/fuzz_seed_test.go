package wal_test

import (
	"bytes"
	"testing"

	"github.com/redoubt-wal/redoubt/test/golden"
	"github.com/redoubt-wal/redoubt/wal"
)

// seedRecords gives one record of each kind that real servers wrote, as it stands in the log, to a
// fuzzer: kinds differ by manager, operation, number of blocks and how the first image is stored.
func seedRecords(f *testing.F, add func(raw []byte)) {
	type kind struct {
		rmgr   wal.RmgrID
		op     uint8
		blocks int
		image  uint8
	}
	for major := 15; major <= 18; major++ {
		l, seen := golden.Load(f, major), map[kind]bool{}
		pages, r := l.Pages(f), l.Reader(f)
		for {
			rec, err := r.Next()
			if err != nil {
				break
			}
			k := kind{rec.Rmgr, rec.Op(), len(rec.Blocks), 0}
			if k.blocks > 0 {
				k.image = rec.Blocks[0].ImageInfo
			}
			off := int(rec.LSN - wal.PageStart(rec.LSN))
			if seen[k] || off+int(rec.Total) > wal.PageSize {
				continue
			}
			seen[k] = true
			page, err := pages.ReadPages(wal.PageStart(rec.LSN), wal.PageSize)
			if err != nil {
				f.Fatal(err)
			}
			add(bytes.Clone(page[off : off+int(rec.Total)]))
		}
		if len(seen) < 20 {
			f.Fatalf("only %d kinds of records in the log of PostgreSQL %d", len(seen), major)
		}
	}
}

// seedPages gives one page header of each kind that real servers wrote to a fuzzer.
func seedPages(f *testing.F, add func(header []byte)) {
	for major := 15; major <= 18; major++ {
		l, seen := golden.Load(f, major), map[uint16]bool{}
		pages := l.Pages(f)
		for at := l.Start(); ; at += wal.PageSize {
			page, err := pages.ReadPages(at, wal.LongPageHeaderSize)
			if err != nil {
				break
			}
			if h, err := wal.DecodePageHeader(page); err == nil && h.Magic.Known() && !seen[h.Info] {
				seen[h.Info] = true
				add(bytes.Clone(page[:wal.LongPageHeaderSize]))
			}
		}
	}
}
